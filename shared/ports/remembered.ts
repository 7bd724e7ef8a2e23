const MOST = 10_000;

/**
 * The same function, which works out each answer once: for names, ids and addresses that follow from texts alone and are asked for again
 * and again. When it knows too many it forgets them all.
 */
export function remembered<Parts extends readonly string[], Answer extends {}>(workOut: (...parts: Parts) => Answer): (...parts: Parts) => Answer {
  const known = new Map<string, Answer>();
  return (...parts) => {
    const key = parts.join("\0");
    let answer = known.get(key);
    if (answer === undefined) {
      answer = workOut(...parts);
      if (known.size >= MOST) known.clear();
      known.set(key, answer);
    }
    return answer;
  };
}
