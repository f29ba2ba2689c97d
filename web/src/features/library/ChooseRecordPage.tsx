import { IconHeartRateMonitor } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { api, unwrap } from "@/api";
import { EmptyState, LinkButton, Page, Panel, Query } from "@/ui";
import { useCurrentDataset, useDatasets } from "./current";

/** "Viewer" without an ECG: the first one of the current dataset, or where to find one. */
export function ChooseRecordPage() {
  const datasets = useDatasets();
  const { name } = useCurrentDataset();
  const first = useQuery({
    queryKey: ["records", name, { limit: 1 }],
    enabled: name !== null,
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/datasets/{dataset}/records", { params: { path: { dataset: name ?? "" }, query: { limit: 1 } }, signal })),
  });
  const item = first.data?.rows[0];
  if (item) return <Navigate to="/viewer/$item" params={{ item: String(item.id) }} replace />;
  return (
    <Page title="Viewer">
      <Query query={datasets}>
        {() => (
          <Panel>
            {first.isError || first.data !== undefined || name === null ? (
              <EmptyState
                icon={<IconHeartRateMonitor size={48} stroke={1.25} />}
                title="No ECG to show yet"
                body={name === null ? "Import ECG files in the library; then click one to see it on ECG paper." : `${name} holds no ECG yet. Import some, or choose another dataset in the bar above.`}
                action={
<LinkButton to="/library">To the library</LinkButton>
                }
              />
            ) : null}
          </Panel>
        )}
      </Query>
    </Page>
  );
}
