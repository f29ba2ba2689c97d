import { useQuery } from "@tanstack/react-query";
import { api, unwrap, type About, type Availability } from "@/api";
import { Definitions, Grid, LinkButton, Page, Panel, Query, saveText, StateTag, toCsv } from "@/ui";
import { PreferencesForm } from "./PreferencesForm";
import { TableFoot, Usable } from "./Usable";
import css from "./settings.module.css";

export function SettingsPage() {
  const about = useQuery({ queryKey: ["about"], queryFn: ({ signal }) => unwrap(api.GET("/api/about", { signal })) });
  const preferences = useQuery({ queryKey: ["preferences"], queryFn: ({ signal }) => unwrap(api.GET("/api/preferences", { signal })) });
  const architectures = useQuery({ queryKey: ["architectures"], queryFn: ({ signal }) => unwrap(api.GET("/api/architectures", { signal })) });
  return (
    <Page title="Settings">
      <Grid min={440}>
        <Panel title="Preferences" testId="panel-preferences">
          <Query query={preferences}>
            {(stored) => <PreferencesForm key={JSON.stringify(stored)} stored={stored} cores={about.data?.cores ?? null} />}
          </Query>
        </Panel>
        <Panel title="This installation" testId="panel-about">
          <Query query={about}>{(facts) => <AboutView about={facts} />}</Query>
        </Panel>
      </Grid>
      <Panel title="File formats and data sets" testId="panel-formats">
        <div className={css["between"]}>
          <span>What can be read here, what each file must state, and what each reader was tried with.</span>
          <LinkButton to="/formats" variant="default" size="xs" data-testid="formats-link">
            All formats
          </LinkButton>
        </div>
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
          { name: "Computes on", value: about.accelerator === "none" ? "the processor; no GPU was found" : about.accelerator },
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

function Entries({ list, what }: { list: Omit<Availability, "extensions">[]; what: string }) {
  const save = () => saveText(`${what}.csv`, toCsv(["name", "title", "summary", "available", "reason"], list.map((e) => [e.name, e.title, e.summary, e.available, e.reason])));
  return (
    <>
      <table className={css["entries"]} data-testid={what}>
        <thead>
          <tr>
            <th>Name</th>
            <th>What it is</th>
            <th>Here</th>
          </tr>
        </thead>
        <tbody>
          {list.map((entry) => (
            <tr key={entry.name}>
              <td className={css["entryName"]}>{entry.title || entry.name}</td>
              <td>{entry.summary}</td>
              <td className={css["entryState"]}>
                <Usable reason={entry.available ? "" : entry.reason} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <TableFoot words={`${list.filter((entry) => entry.available).length} of ${list.length} usable here`} onSave={save} />
    </>
  );
}
