import { IconMapQuestion } from "@tabler/icons-react";
import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { EmptyState, LinkButton, Page, ProblemView } from "@/ui";

/** A page that broke: what happened stands where the page would. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <Page title="This page cannot be shown">
      <ProblemView
        error={error}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </Page>
  );
}

export function PageMissing() {
  return (
    <Page title="No such page">
      <EmptyState
        icon={<IconMapQuestion size={40} stroke={1.25} />}
        title="There is nothing at this address"
        body="It may have been renamed or deleted. The library shows what there is."
        action={
<LinkButton to="/library">To the library</LinkButton>
        }
      />
    </Page>
  );
}
