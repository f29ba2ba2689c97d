import { QueryClient } from "@tanstack/react-query";
import { ApiProblem } from "@/api/problem";

/** One cache for all pages. What the server refused is not asked again by itself; a server that is away is. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => !(error instanceof ApiProblem && error.status !== 0) && count < 1,
    },
  },
});
