/**
 * Part of the board's script: makes one element like another with as few changes as there are. Elements that have an id are known by it;
 * what a person has unfolded, typed, chosen or focused is not in the markup, and so stays.
 */
export const MORPH_SCRIPT = `
function morph(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !isPersons(old, name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value && !isPersons(old, name)) old.setAttribute(name, value);
  let next = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    let match = next;
    if (child.id) {
      match = [...old.children].find((one) => one.id === child.id);
      if (match && match !== next) old.insertBefore(match, next);
    }
    if (match && match.nodeType === child.nodeType && match.nodeName === child.nodeName && (match.id || "") === (child.id || "")) {
      next = match.nextSibling;
      if (child.nodeType === 1) morph(match, child);
      else if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue;
    } else old.insertBefore(child, next);
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

function isPersons(node, name) {
  return (node === main) || (node.localName === "details" && name === "open") || name === "data-by-find" || name === "hidden";
}
`;
