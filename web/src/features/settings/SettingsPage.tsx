import { useQuery } from "@tanstack/react-query";
import { api, unwrap, type About, type Availability } from "@/api";
import { DataTable, Definitions, Grid, Page, Panel, Query, StateTag, type DataColumn } from "@/ui";
import { PreferencesForm } from "./PreferencesForm";
import css from "./settings.module.css";

export function SettingsPage() {
  const about = useQuery({ queryKey: ["about"], queryFn: ({ signal }) => unwrap(api.GET("/api/about", { signal })) });
  const preferences = useQuery({ queryKey: ["preferences"], queryFn: ({ signal }) => unwrap(api.GET("/api/preferences", { signal })) });
  const formats = useQuery({ queryKey: ["formats"], queryFn: ({ signal }) => unwrap(api.GET("/api/formats", { signal })) });
  const architectures = useQuery({ queryKey: ["architectures"], queryFn: ({ signal }) => unwrap(api.GET("/api/architectures", { signal })) });
  return (
    <Page title="Settings">
      <Grid min={440}>
        <Panel title="For new trainings" testId="panel-preferences">
          <Query query={preferences}>
            {(stored) => <PreferencesForm key={JSON.stringify(stored)} stored={stored} cores={about.data?.cores ?? null} />}
          </Query>
        </Panel>
        <Panel title="This installation" testId="panel-about">
          <Query query={about}>{(facts) => <AboutView about={facts} />}</Query>
        </Panel>
      </Grid>
      <Panel title="File formats" explain="Each file tells its format by its content, not by its name." flush testId="panel-formats">
        <Query query={formats}>{(list) => <Entries list={list} what="formats" />}</Query>
      </Panel>
      <Panel title="Architectures" explain="The kinds of neural network that can be trained here." flush testId="panel-architectures">
        <Query query={architectures}>{(list) => <Entries list={list} what="architectures" />}</Query>
      </Panel>
    </Page>
  );
}

function AboutView({ about }: { about: About }) {
  return (
    <div className={css["stack"]}>
      <Definitions
        rows={[
          { name: "Version", value: about.version },
          { name: "Data folder", value: <code>{about.home}</code> },
          { name: "Computes on", value: about.accelerator },
          { name: "Processor cores", value: String(about.cores) },
          {
            name: "Training",
            value: about.can_train ? (
              <StateTag plain state="good" word="installed" />
            ) : (
              <div>
                <StateTag plain state="doubt" word="not installed" />
                <p className={css["advice"]}>{about.training_advice}</p>
                <p className={css["advice"]}>Looking, predicting and evaluating work without it.</p>
              </div>
            ),
          },
        ]}
      />
      <p className={css["notice"]}>{about.notice}</p>
    </div>
  );
}

const COLUMNS: DataColumn<Availability>[] = [
  { id: "title", title: "Name", width: 240, value: (entry) => entry.title || entry.name },
  { id: "summary", title: "What it is", value: (entry) => entry.summary },
  { id: "extensions", title: "Files", width: 176, value: (entry) => (entry.extensions ?? []).join(" ") },
  {
    id: "available",
    title: "Here",
    width: 200,
    value: (entry) => (entry.available ? "yes" : entry.reason),
    cell: (entry) =>
      entry.available ? <StateTag plain state="good" word="usable" /> : <StateTag plain state="doubt" word="not usable" explain={entry.reason} />,
  },
];

function Entries({ list, what }: { list: Availability[]; what: string }) {
  const columns = list.some((entry) => (entry.extensions ?? []).length > 0) ? COLUMNS : COLUMNS.filter((column) => column.id !== "extensions");
  return <DataTable label={what} columns={columns} rows={list} rowKey={(entry) => entry.name} csvName={`${what}.csv`} testId={what} />;
}
