/** The typed way to the server. `api.GET(path, ...)` is generated from docs/openapi.json; `unwrap` throws `ApiProblem`. */
import createClient from "openapi-fetch";
import { problemFrom, unreachable } from "./problem";
import type { paths } from "./schema";

export const api = createClient<paths>({ baseUrl: window.location.origin });

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of a call, or an `ApiProblem`. Usage: `await unwrap(api.GET("/api/datasets"))`. */
export async function unwrap<T>(call: Promise<Result<T>>): Promise<T> {
  let result: Result<T>;
  try {
    result = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (!result.response.ok) throw problemFrom(result.response.status, result.error);
  return result.data as T;
}

/** Send a form with files (multipart); the caller names the type that the contract promises for this address. */
export async function sendForm<T>(method: "POST" | "PATCH", address: string, form: FormData, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(address, { method, body: form, signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
  const type = response.headers.get("content-type") ?? "";
  const body: unknown = type.includes("json") ? await response.json() : await response.text();
  if (!response.ok) throw problemFrom(response.status, body);
  return body as T;
}

/** Bytes of an address (signals), or an `ApiProblem`. */
export async function fetchBytes(address: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  let response: Response;
  try {
    response = await fetch(address, { signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (!response.ok) {
    const body: unknown = await response.json().catch(() => null);
    throw problemFrom(response.status, body);
  }
  return response.arrayBuffer();
}

/** Address of something below `/api`, each part escaped: `address("datasets", name, "records.csv")`. */
export function address(...parts: (string | number)[]): string {
  return "/api/" + parts.map((part) => encodeURIComponent(String(part))).join("/");
}
