/**
 * What ASP.NET's constraint of a route parameter accepts, e.g. `int` or `length(3,5)`; undefined for one that it
 * does not have.
 */
export function routeConstraint(text: string): ((value: string) => boolean) | undefined {
  const match = /^([a-z]+)(?:\((.*)\))?$/is.exec(text);
  if (match === null) return undefined;
  const [, name = "", argument = ""] = match;
  const [first = NaN, second] = argument.split(",").map(Number);
  switch (name.toLowerCase()) {
    case "int":
      return (value) => /^[+-]?\d+$/.test(value) && Math.abs(Number(value)) <= 2 ** 31 - 1;
    case "long":
      return (value) => /^[+-]?\d{1,19}$/.test(value);
    case "bool":
      return (value) => /^(true|false)$/i.test(value);
    case "guid":
      return (value) => /^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value);
    case "datetime":
      return (value) => !Number.isNaN(Date.parse(value));
    case "decimal":
    case "double":
    case "float":
      return (value) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value);
    case "alpha":
      return (value) => /^[a-z]*$/i.test(value);
    case "required":
      return (value) => value !== "";
    case "minlength":
      return (value) => value.length >= first;
    case "maxlength":
      return (value) => value.length <= first;
    case "length":
      return (value) => (second === undefined ? value.length === first : value.length >= first && value.length <= second);
    case "min":
      return (value) => /^[+-]?\d+$/.test(value) && Number(value) >= first;
    case "max":
      return (value) => /^[+-]?\d+$/.test(value) && Number(value) <= first;
    case "range":
      return (value) => /^[+-]?\d+$/.test(value) && Number(value) >= first && Number(value) <= (second ?? first);
    case "regex": {
      const pattern = new RegExp(argument.replaceAll("{{", "{").replaceAll("}}", "}").replaceAll("\\\\", "\\"), "i");
      return (value) => pattern.test(value);
    }
    default:
      return undefined;
  }
}
