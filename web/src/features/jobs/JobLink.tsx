import type { ReactNode } from "react";
import { Link } from "@tanstack/react-router";
import type { Job } from "@/api";

interface JobLinkProps {
  readonly job: Job;
  readonly children: ReactNode;
  readonly className?: string;
  readonly onClick?: () => void;
}

/** A link to the page that shows what a job does or did; plain words where there is none. */
export function JobLink({ job, children, className, onClick }: JobLinkProps) {
  const rest = { className, onClick };
  const dataset = job.request["dataset"];
  switch (job.kind) {
    case "train":
      return <Link to="/runs/$run" params={{ run: job.id }} {...rest}>{children}</Link>; // prettier-ignore
    case "predict":
      return <Link to="/predict" search={{ job: job.id }} {...rest}>{children}</Link>; // prettier-ignore
    case "measure":
      return <Link to="/measure" search={{ job: job.id }} {...rest}>{children}</Link>; // prettier-ignore
    case "evaluate":
      return <Link to="/evaluate" search={{ job: job.id }} {...rest}>{children}</Link>; // prettier-ignore
    case "benchmark":
      return <Link to="/train/benchmark" search={{ job: job.id }} {...rest}>{children}</Link>; // prettier-ignore
    case "demonstration":
      return <Link to="/library" {...rest}>{children}</Link>; // prettier-ignore
    case "import":
      if (typeof dataset === "string")
        return <Link to="/library/$dataset" params={{ dataset }} {...rest}>{children}</Link>; // prettier-ignore
  }
  return <span className={className}>{children}</span>;
}
