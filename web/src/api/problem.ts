/** What the server says when something fails (problem+json, RFC 9457), as an error that pages can show. */

export interface ProblemBody {
  /** Name of the error in the server's tree, such as `HintsNeeded`. */
  kind: string;
  title: string;
  detail: string;
  /** What to do about it; may be empty. */
  advice: string;
  status: number;
  /** Hints a file needs before it can be read (`unit`, `rate`, ...). */
  missing: readonly string[];
}

export class ApiProblem extends Error implements ProblemBody {
  readonly kind: string;
  readonly title: string;
  readonly detail: string;
  readonly advice: string;
  readonly status: number;
  readonly missing: readonly string[];

  constructor(body: ProblemBody) {
    super(body.detail || body.title);
    this.name = "ApiProblem";
    this.kind = body.kind;
    this.title = body.title;
    this.detail = body.detail;
    this.advice = body.advice;
    this.status = body.status;
    this.missing = body.missing;
  }
}

const URN = "urn:einthoven:";

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Read a response body that should be problem+json; anything else becomes a problem in plain words. */
export function problemFrom(status: number, body: unknown): ApiProblem {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const title = text(fields["title"]);
  if (title === "") {
    return new ApiProblem({
      kind: "HttpError",
      title: status >= 500 ? "The server failed" : "It did not work",
      detail: typeof body === "string" && body !== "" && body.length < 300 ? body : `The server answered ${status}.`,
      advice:
        status >= 500 ? "Try again. If it stays, look into the terminal in which Einthoven runs and report what it says." : "",
      status,
      missing: [],
    });
  }
  const type = text(fields["type"]);
  const missing = fields["missing"];
  return new ApiProblem({
    kind: type.startsWith(URN) ? type.slice(URN.length) : type || "HttpError",
    title,
    detail: text(fields["detail"]),
    advice: text(fields["advice"]),
    status,
    missing: Array.isArray(missing) ? missing.filter((m): m is string => typeof m === "string") : [],
  });
}

/** The server cannot be reached at all. */
export function unreachable(): ApiProblem {
  return new ApiProblem({
    kind: "Unreachable",
    title: "Einthoven does not answer",
    detail: "The program behind this page cannot be reached.",
    advice: "Look whether it still runs in its terminal; start it again if not, then try again here.",
    status: 0,
    missing: [],
  });
}

/** Any thrown value as a problem, so that one component can show all. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof TypeError && /fetch|network/i.test(error.message)) return unreachable();
  return new ApiProblem({
    kind: "PageError",
    title: "This page made a mistake",
    detail: error instanceof Error ? error.message : String(error),
    advice: "Reload the page. Your data are safe: they are with the server.",
    status: 0,
    missing: [],
  });
}
