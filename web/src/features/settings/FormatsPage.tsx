/** Every format and every published data set that can be read, with what it states, its limits, and what proves the reader. */
import { ActionIcon, TextInput } from "@mantine/core";
import { IconChevronLeft, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap, type FormatView, type LayoutView } from "@/api";
import { EmptyState, fmt, Page, Panel, Query, saveText, StateTag, toCsv, WithCode } from "@/ui";
import { TableFoot, Usable } from "./Usable";
import css from "./settings.module.css";

export function FormatsPage() {
  const formats = useQuery({ queryKey: ["formats"], queryFn: ({ signal }) => unwrap(api.GET("/api/formats", { signal })) });
  const layouts = useQuery({ queryKey: ["layouts"], queryFn: ({ signal }) => unwrap(api.GET("/api/layouts", { signal })) });
  return (
    <Page
      title="Formats and data sets"
      before={
        <ActionIcon component={Link} to="/settings" aria-label="To the settings">
          <IconChevronLeft size={20} />
        </ActionIcon>
      }
      facts="A file tells its format by its content, never by its name alone. Each of them may also be packed: .gz, .zip, .tar.gz."
    >
      <Panel flush testId="panel-all-formats">
        <Query query={formats}>{(list) => <Formats list={list} />}</Query>
      </Panel>
      <Panel
        title="Published data sets"
        explain="Folders that bring labels, patients and folds. Choose the data set when you import its folder."
        flush
        testId="panel-layouts"
      >
        <Query query={layouts}>{(list) => <Layouts list={list} />}</Query>
      </Panel>
    </Page>
  );
}

/** Whether a format is what somebody looks for: by name, ending or text. */
export function fits(format: FormatView, wanted: string): boolean {
  const text = [format.name, format.title, format.states, ...format.extensions].join(" ").toLowerCase();
  return wanted.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function Formats({ list }: { list: readonly FormatView[] }) {
  const [wanted, setWanted] = useState("");
  const shown = list.filter((format) => fits(format, wanted));
  const save = () =>
    saveText(
      "formats.csv",
      toCsv(
        ["name", "title", "files", "states", "limits", "tried", "original blanked", "not usable because"],
        list.map((f) => [f.name, f.title, f.extensions.join(" "), f.states, f.limits.join(" "), f.tried, f.blanked, f.reason]),
      ),
    );
  return (
    <>
      <div className={css["search"]}>
        <TextInput
          size="xs" w={280} placeholder="Name or ending, such as .xml" aria-label="Search formats" leftSection={<IconSearch size={14} aria-hidden />}
          value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} data-testid="formats-search"
        />
      </div>
      {shown.length === 0 ? (
        <EmptyState title="No format is called that" body="Drop the file on the library all the same: it is told by its content, and if it cannot be read, the reason is said." />
      ) : (
        <div className={css["wide"]}>
          <table className={css["entries"]} data-testid="formats">
            <thead>
              <tr>
                <th>Format</th>
                <th>What the file states, and what needs hints</th>
                <th>Known limits</th>
                <th>Tried with</th>
                <th>Here</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((format) => (
                <tr key={format.name}>
                  <td className={css["format"]}>
                    <strong>{format.title || format.name}</strong>
                    <div className="ein-quiet">{format.extensions.join(" ")}</div>
                  </td>
                  <td>
                    <WithCode text={format.states} />
                    <div className="ein-quiet">
                      {format.blanked ? "The original can be kept with its identifying fields blanked." : "No original is kept: its identifying fields cannot be blanked surely."}
                    </div>
                  </td>
                  <td>{format.limits.length === 0 ? <span className="ein-quiet">none known</span> : <Limits limits={format.limits} />}</td>
                  <td className={css["tried"]}>
                    <Tried tried={format.tried} />
                  </td>
                  <td className={css["entryState"]}>
                    <Usable reason={format.reason} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <TableFoot words={`${shown.length === list.length ? "" : `${fmt.count(shown.length)} of `}${fmt.plural(list.length, "format")}`} onSave={save} />
    </>
  );
}

function Limits({ limits }: { limits: readonly string[] }) {
  return (
    <ul className={css["limits"]}>
      {limits.map((limit) => (
        <li key={limit}>
          <WithCode text={limit} />
        </li>
      ))}
    </ul>
  );
}

function Tried({ tried }: { tried: string }) {
  return tried === "" ? <StateTag plain state="doubt" word="no real file could be tried" /> : <WithCode text={tried} />;
}

function Layouts({ list }: { list: readonly LayoutView[] }) {
  const save = () =>
    saveText(
      "data-sets.csv",
      toCsv(["name", "title", "brings", "holds", "source", "tried"], list.map((l) => [l.name, l.title, l.brings, l.holds, l.source, l.tried])),
    );
  return (
    <>
      <div className={css["wide"]}>
        <table className={css["entries"]} data-testid="layouts">
          <thead>
            <tr>
              <th>Data set</th>
              <th>What comes with it</th>
              <th>Its folder holds</th>
              <th>Tried with</th>
              <th>Here</th>
            </tr>
          </thead>
          <tbody>
            {list.map((layout) => (
              <tr key={layout.name}>
                <td className={css["format"]}>
                  <strong>{layout.title}</strong>
                  <div className={css["source"]}>{layout.source}</div>
                </td>
                <td>
                  <WithCode text={layout.brings} />
                </td>
                <td>
                  <WithCode text={layout.holds} />
                </td>
                <td className={css["tried"]}>
                  <Tried tried={layout.tried} />
                </td>
                <td className={css["entryState"]}>
                  <Usable reason={layout.reason} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <TableFoot words={fmt.plural(list.length, "data set")} onSave={save} />
    </>
  );
}
