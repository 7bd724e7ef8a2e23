/** What a bundle was made of and what it is: `bundle.json`, written last and renamed into its place. Times as `stat` gives them. */
export interface BundleStatement {
  /** The checkout that it was made of, since the bundle looks for the project's files there. */
  readonly root: string;
  /** Folder of the bundle, beside the statement. */
  readonly folder: string;
  /** Project paths. Without times: compared by digest, because it changed in the moment in which the bundle was made. */
  readonly sources: readonly { readonly file: string; readonly size: number; readonly mtimeMs?: number; readonly ctimeMs?: number; readonly sha256: string }[];
  readonly files: readonly { readonly file: string; readonly size: number }[];
}

export interface Bundle {
  readonly entry: string;
  /** Where V8 keeps what it made of the bundle. */
  readonly compiled: string;
}

/** Where the bundle of a checkout is kept: beside its packages, so that a fresh install drops it, and ignored as they are. */
export function bundlePlace(root: string): string;

/** The bundle in a place, if it was made of exactly the sources that are in the checkout now. */
export function freshBundle(root: string, place?: string): Bundle | undefined;

/** Whether a folder has these files, each of its size. */
export function isWhole(folder: string, files: BundleStatement["files"]): boolean;

/** Whether a bundle can be made: its maker is installed, and the place can be written to. */
export function canBuild(root: string, place?: string): boolean;

/** Which code runs the command: `build` says whether a bundle may be made for it, by `make`, where there is no fresh one. */
export function bundleFor(args: {
  readonly root: string;
  readonly argv: readonly string[];
  readonly build: boolean;
  readonly node?: { readonly execArgv: readonly string[]; readonly env: Readonly<Record<string, string | undefined>> };
  readonly make?: () => boolean;
}): Bundle | undefined;

/** Runs the command of `process.argv`, from a fresh bundle or from its sources. */
export function launch(options: { readonly build: boolean }): Promise<void>;
