import { InvalidArgumentError } from "commander";

/** Of an option: a whole number, written as people write one. */
export function wholeNumber(from: number, to: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= from && number <= to)) throw new InvalidArgumentError(`Expected a whole number from ${from}${to === Number.MAX_SAFE_INTEGER ? "" : ` to ${to}`}.`);
    return number;
  };
}
