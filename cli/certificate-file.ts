import { resolve } from "node:path";
import { Fault } from "../shared/fault/fault.ts";
import { Certificate } from "../shared/run/certificate.ts";
import { readText } from "./plan-file.ts";

/** @throws Fault `invalid` for a file that is no certificate. */
export function readCertificate(file: string): Certificate {
  const text = readText(resolve(file));
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw new Fault("invalid", `${file} is no certificate: it is not JSON`, { cause });
  }
  const parsed = Certificate.safeParse(given);
  if (!parsed.success) throw new Fault("invalid", `${file} is no certificate: ${parsed.error.issues[0]?.path.join(".") ?? ""} ${parsed.error.issues[0]?.message ?? ""}`);
  return parsed.data;
}
