import { routeConstraint } from "./http-constraints.ts";
import { Fault } from "../shared/fault/fault.ts";

/** A compiled ASP.NET route template. */
export interface Route {
  readonly template: string;
  /** Smaller goes first, compared segment by segment: literals, then constrained parameters, plain ones, catch-alls. */
  readonly precedence: readonly number[];
  /** The route's parameters, percent-decoded, or undefined when the path is another's. @throws URIError for malformed escapes. */
  match(path: string): Readonly<Record<string, string>> | undefined;
}

interface Parameter {
  readonly name: string;
  readonly optional: boolean;
  readonly catchAll: boolean;
  readonly fallback: string | undefined;
  readonly accepts: (value: string) => boolean;
  readonly constrained: boolean;
}

type Piece = string | Parameter;

/**
 * Compiles a template such as `runs/{id:guid}/{*rest}` (1.7). Literals are compared without case.
 *
 * @throws Fault `invalid` for a template that ASP.NET would refuse.
 */
export function routeOf(template: string): Route {
  const text = template.replace(/^~?\//, "").replace(/\/$/, "");
  const segments = text === "" ? [] : splitOutsideBraces(text, "/").map((segment) => piecesOf(segment, template));
  segments.forEach((pieces, at) => {
    const last = at === segments.length - 1;
    if (pieces.some((piece) => typeof piece !== "string" && piece.catchAll) && (!last || pieces.length > 1))
      throw invalid(template, "has a catch-all that is not the last segment");
  });
  const parameters = segments.flat().filter((piece) => typeof piece !== "string");
  const twice = parameters.find(({ name }, at) => parameters.findIndex((other) => other.name.toLowerCase() === name.toLowerCase()) < at);
  if (twice !== undefined) throw invalid(template, `names {${twice.name}} twice`);
  const pattern = new RegExp(`^${segments.map(patternOf).join("")}/?$`, "i");
  return {
    template: text,
    precedence: segments.map(rankOf),
    match(path) {
      const found = pattern.exec(path);
      if (found === null) return undefined;
      const values: Record<string, string> = {};
      for (const [at, { name, fallback, accepts }] of parameters.entries()) {
        const raw = found[at + 1];
        const value = raw === undefined || raw === "" ? fallback : decodeURIComponent(raw);
        if (value === undefined) continue;
        if (!accepts(value)) return undefined;
        values[name] = value;
      }
      return values;
    },
  };
}

/** Orders routes as ASP.NET tries them. */
export function byPrecedence(a: Route, b: Route): number {
  for (let at = 0; at < Math.max(a.precedence.length, b.precedence.length); at++) {
    const difference = (a.precedence[at] ?? 0) - (b.precedence[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function piecesOf(segment: string, template: string): Piece[] {
  const pieces: Piece[] = [];
  let rest = segment;
  while (rest !== "") {
    const open = rest.replaceAll("{{", "\0\0").indexOf("{");
    const literal = open < 0 ? rest : rest.slice(0, open);
    if (literal !== "") {
      if (literal.replaceAll("}}", "").includes("}")) throw invalid(template, `has a "}" without its "{" in "${segment}"`);
      pieces.push(literal.replaceAll("{{", "{").replaceAll("}}", "}"));
    }
    if (open < 0) break;
    const close = closingBrace(rest, open);
    if (close < 0) throw invalid(template, `has a "{" without its "}" in "${segment}"`);
    if (typeof pieces.at(-1) === "object") throw invalid(template, `has two parameters without text between them in "${segment}"`);
    pieces.push(parameterOf(rest.slice(open + 1, close), template));
    rest = rest.slice(close + 1);
  }
  return pieces;
}

function parameterOf(text: string, template: string): Parameter {
  const match = /^(\*{0,2})([^:=?*{}/]+)((?::[^=]*?)?)(?:=(.*?))?(\?)?$/s.exec(text);
  if (match === null) throw invalid(template, `has "{${text}}"; expected {name}, {name?}, {name:constraint}, {name=default} or {*name}`);
  const [, stars = "", name = "", constraints = "", fallback, optional] = match;
  const checks = splitOutsideBraces(constraints.slice(1), ":")
    .filter((constraint) => constraint !== "")
    .map((constraint) => {
      const check = routeConstraint(constraint);
      if (check === undefined) throw invalid(template, `has the constraint "${constraint}" on {${name}}, which does not exist`);
      return check;
    });
  return { name, catchAll: stars !== "", optional: optional !== undefined, fallback, constrained: checks.length > 0, accepts: (value) => checks.every((check) => check(value)) };
}

/** A segment with its leading slash. */
function patternOf(pieces: readonly Piece[]): string {
  const [only] = pieces;
  if (pieces.length === 1 && typeof only === "object") {
    if (only.catchAll) return "(?:/(.*))?";
    if (only.optional || only.fallback !== undefined) return "(?:/([^/]+))?";
  }
  return `/${pieces.map((piece) => (typeof piece === "string" ? piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : piece.optional ? "([^/]*)" : "([^/]+)")).join("")}`;
}

function rankOf(pieces: readonly Piece[]): number {
  const [only] = pieces;
  if (pieces.length > 1) return 2;
  if (typeof only !== "object") return 1;
  if (only.catchAll) return only.constrained ? 4 : 5;
  return only.constrained ? 2 : 3;
}

function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}

/** Splits at `separator` where it is in no braces and no parentheses: a regular expression may hold it. */
function splitOutsideBraces(text: string, separator: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "{" || character === "(") depth++;
    if (character === "}" || character === ")") depth--;
    if (character === separator && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts;
}

function invalid(template: string, why: string): Fault {
  return new Fault("invalid", `the route "${template}" ${why}`);
}
