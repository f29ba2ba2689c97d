import { Button, Menu } from "@mantine/core";
import { IconBox, IconPlus, IconSchool, IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, unwrap, type ForeignModel, type ModelView } from "@/api";
import { EmptyState, fmt, LinkButton, Page, Panel, ProblemView, Query, saveText, toCsv } from "@/ui";
import { ModelCard } from "./ModelCard";
import { inspectFile, TakeIn, takeInFile } from "./TakeIn";
import { shelves, ZOO_TITLE } from "./tested";
import css from "./models.module.css";

const route = getRouteApi("/models");

/** All models of this installation as cards. */
export function ModelsPage() {
  const { model: wanted } = route.useSearch();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const models = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => unwrap(api.GET("/api/models", { signal })) });
  const { own, zoo } = shelves(models.data ?? []);
  const [foreign, setForeign] = useState<{ file: File; found: ForeignModel } | null>(null);
  const [taken, setTaken] = useState<string | null>(null);
  const take = useMutation({
    mutationFn: async (file: File) => {
      setTaken(null);
      const found = await inspectFile(file);
      return found.own ? takeInFile(file) : { file, found };
    },
    onSuccess: async (result) => {
      if ("file" in result) return setForeign(result);
      await client.invalidateQueries({ queryKey: ["models"] });
      setTaken(result.name);
    },
  });
  const start = take.mutate;
  const drop = useCallback((file: File) => start(file), [start]);
  const dragging = useModelDrop(drop);
  const choose = () => input.current?.click();
  return (
    <Page
      title="Models"
      notice
      facts={own.length > 0 ? fmt.plural(own.length, "model") : undefined}
      actions={
        <>
          {models.data && models.data.length > 0 && (
            <Button variant="default" onClick={() => saveText("models.csv", modelsCsv(models.data))}>
              Save as CSV
            </Button>
          )}
          <Menu position="bottom-end">
            <Menu.Target>
              <Button leftSection={<IconPlus size={16} />} loading={take.isPending} data-testid="model-add">
                Add a model
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconSchool size={16} />} component={Link} to="/train">
                Train one
              </Menu.Item>
              <Menu.Item leftSection={<IconUpload size={16} />} onClick={choose} data-testid="model-take-in">
                Take in a model file: .ecgmodel or .onnx
              </Menu.Item>
              <Menu.Label>Or drop one anywhere on this page; it may be made elsewhere.</Menu.Label>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <input
        ref={input}
        type="file"
        hidden
        accept=".onnx,.zip,.ecgmodel"
        data-testid="model-file-input"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) start(file);
          event.currentTarget.value = "";
        }}
      />
      {dragging && (
        <div className={css["dropHere"]} aria-hidden>
          Drop a model file here: .ecgmodel, or .onnx from anywhere
        </div>
      )}
      {take.isPending && <div role="status">Looking at the model file...</div>}
      {take.isError && <ProblemView error={take.error} />}
      {foreign && (
        <TakeIn
          file={foreign.file}
          first={foreign.found}
          onClose={() => setForeign(null)}
          onTaken={(model) => {
            setForeign(null);
            setTaken(model.name);
          }}
        />
      )}
      <Query query={models}>
        {() =>
          own.length === 0 ? (
            <Panel>
              <EmptyState
                icon={<IconBox size={48} stroke={1.25} />}
                title={zoo.length > 0 ? "No models of your own yet" : "No models yet"}
                body={`Train one on a dataset that has labels, or take in a model file that somebody gave you${zoo.length > 0 ? "; or use one of those below" : ""}.`}
                action={
                  <>
                    <LinkButton to="/train" leftSection={<IconSchool size={16} />}>
                      Train a model
                    </LinkButton>
                    <Button variant="default" leftSection={<IconUpload size={16} />} onClick={choose}>
                      Take in a model file
                    </Button>
                  </>
                }
              />
            </Panel>
          ) : (
            <div className={css["cards"]}>
              {own.map((model) => (
                <Wanted key={model.name} wanted={model.name === (taken ?? wanted)}>
                  <ModelCard model={model} />
                </Wanted>
              ))}
            </div>
          )
        }
      </Query>
      {zoo.length > 0 && (
        <section className={css["shelf"]} aria-label={ZOO_TITLE} data-testid="zoo">
          <h2 className={css["shelfTitle"]}>{ZOO_TITLE}</h2>
          <div className="ein-quiet">Ready to answer, and to train on from. The numbers are of ECGs kept aside: test a model on your own before you believe it.</div>
          <div className={css["cards"]}>
            {zoo.map((model) => (
              <Wanted key={model.name} wanted={model.name === wanted}>
                <ModelCard model={model} />
              </Wanted>
            ))}
          </div>
        </section>
      )}
    </Page>
  );
}

/** A file dropped anywhere on this page; whether one is being dragged over it. */
function useModelDrop(onFile: (file: File) => void): boolean {
  const [depth, setDepth] = useState(0);
  useEffect(() => {
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => holdsFiles(event) && setDepth((now) => now + 1);
    const leave = (event: DragEvent) => holdsFiles(event) && setDepth((now) => Math.max(0, now - 1));
    const stay = (event: DragEvent) => holdsFiles(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      setDepth(0);
      if (!holdsFiles(event)) return;
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file) onFile(file);
    };
    const all = [["dragenter", enter], ["dragleave", leave], ["dragover", stay], ["drop", drop]] as const;
    for (const [name, listen] of all) window.addEventListener(name, listen);
    return () => {
      for (const [name, listen] of all) window.removeEventListener(name, listen);
    };
  }, [onFile]);
  return depth > 0;
} // prettier-ignore

/** Brings the model of the address into sight. */
function Wanted({ wanted, children }: { wanted: boolean; children: React.ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (wanted) place.current?.scrollIntoView({ block: "center" });
  }, [wanted]);
  return (
    <div ref={place} className={css["place"]} data-wanted={wanted}>
      {children}
    </div>
  );
}

export function modelsCsv(models: readonly ModelView[]): string {
  return toCsv(
    ["name", "task", "kind", "classes", "validation_macro_f1", "validation_macro_auroc", "n_train", "trained_on", "architecture", "base", "rate_hz", "duration_s", "leads", "parameters", "bytes", "simulated", "imported", "untrained", "created"],
    models.map((m) => [
      m.name, m.task, m.kind, m.classes.join("|"), m.validation_macro_f1, m.validation_macro_auroc, m.n_train, m.trained_on, m.architecture, m.base,
      m.rate, m.duration, m.leads.join(" "), m.parameters, m.size, m.simulated, m.imported, m.untrained !== "", m.created,
    ]),
  ); // prettier-ignore
}
