import { Button, Menu } from "@mantine/core";
import { IconBox, IconPlus, IconSchool, IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, unwrap, type ForeignModel, type ModelView } from "@/api";
import { EmptyState, fmt, LinkButton, Page, Panel, ProblemView, Query, saveText, toCsv } from "@/ui";
import { ModelCard } from "./ModelCard";
import { inspectFile, TakeIn, takeInFile } from "./TakeIn";
import css from "./models.module.css";

const route = getRouteApi("/models");

/** All models of this installation as cards. */
export function ModelsPage() {
  const { model: wanted } = route.useSearch();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const models = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => unwrap(api.GET("/api/models", { signal })) });
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
      facts={models.data && models.data.length > 0 ? fmt.plural(models.data.length, "model") : undefined}
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
                Take in a model file: .onnx or bundle
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
          Drop a model file here: .onnx from anywhere, or a bundle
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
        {(list) =>
          list.length === 0 ? (
            <Panel>
              <EmptyState
                icon={<IconBox size={48} stroke={1.25} />}
                title="No models yet"
                body="Train one on a dataset that has labels, or take in a model file that somebody gave you."
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
              {list.map((model) => (
                <Wanted key={model.name} wanted={model.name === (taken ?? wanted)}>
                  <ModelCard model={model} />
                </Wanted>
              ))}
            </div>
          )
        }
      </Query>
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
