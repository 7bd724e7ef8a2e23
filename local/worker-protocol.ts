// What @azure/functions and its host say to each other (host contract 1.3, 1.5 to 1.7). The library's own types for it are
// not published, so they are written down here as far as the host needs them.

export type LogLevel = "trace" | "debug" | "information" | "warning" | "error" | "critical" | "none";
export type LogCategory = "user" | "system" | "customMetric";

/** One end of a function: its trigger, an input, or an output; with the options it was registered with (1.3). */
export interface Binding {
  readonly type: string;
  readonly name: string;
  readonly direction: "in" | "out";
  readonly [option: string]: unknown;
}

/** What `registerFunction` is given (1.3). */
export interface FunctionMetadata {
  readonly name: string;
  readonly functionId?: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly retryOptions?: {
    readonly retryStrategy?: string;
    readonly maxRetryCount?: number;
    readonly delayInterval?: { readonly seconds?: number };
    readonly minimumInterval?: { readonly seconds?: number };
    readonly maximumInterval?: { readonly seconds?: number };
  };
}

export type FunctionCallback = (...inputsAndContext: unknown[]) => unknown;

/** The value of a binding as it crosses between host and worker: one of these fields, or none (1.6). */
export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly stream?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: HttpData;
}

/** An HTTP request or response as a typed value (1.7). */
export interface HttpData {
  readonly url?: string;
  readonly method?: string;
  readonly nullableHeaders?: Readonly<Record<string, { readonly value?: string }>>;
  readonly nullableQuery?: Readonly<Record<string, { readonly value?: string }>>;
  readonly nullableParams?: Readonly<Record<string, { readonly value?: string }>>;
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly HttpCookie[];
  readonly body?: TypedData;
}

export interface HttpCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: { readonly value: string };
  readonly path?: { readonly value: string };
  readonly expires?: { readonly value: { readonly seconds: number } };
  readonly secure?: { readonly value: boolean };
  readonly httpOnly?: { readonly value: boolean };
  readonly sameSite?: "none" | "lax" | "strict" | "explicitNone";
  readonly maxAge?: { readonly value: number };
}

/** What the host tells the library about one invocation (1.5). */
export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly metadata: FunctionMetadata;
  readonly request: {
    readonly invocationId: string;
    readonly functionId: string;
    readonly inputData: readonly { readonly name: string; readonly data: TypedData }[];
    readonly triggerMetadata?: Readonly<Record<string, TypedData>> | undefined;
    readonly traceContext?: { readonly traceParent?: string; readonly traceState?: string; readonly attributes?: Readonly<Record<string, string>> } | undefined;
    readonly retryContext?: { readonly retryCount: number; readonly maxRetryCount: number; readonly exception?: { readonly message?: string } } | undefined;
  };
  state: "preInvocationHooks" | "invocation" | "postInvocationHooks" | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export interface InvocationResponse {
  readonly invocationId: string;
  readonly outputData?: readonly { readonly name: string; readonly data: TypedData }[];
  readonly returnValue?: TypedData | null;
}

/** The library's own way to call a handler; the host drives it step by step (1.5). */
export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(core: CoreInvocationContext): InvocationModel;
  getCapabilities(worker: Record<string, string>): Promise<Record<string, string>>;
}
