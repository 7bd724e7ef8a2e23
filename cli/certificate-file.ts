import { resolve } from "node:path";
import { Certificate } from "../shared/run/certificate.ts";
import { readJson } from "./files.ts";

/** @throws Fault `invalid` for a file that is no certificate. */
export function readCertificate(file: string): Certificate {
  return readJson(resolve(file), Certificate, "a certificate");
}
