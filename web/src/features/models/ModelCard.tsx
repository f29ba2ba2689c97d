import { ActionIcon, Menu, Modal, UnstyledButton } from "@mantine/core";
import { IconChartHistogram, IconChevronDown, IconChevronRight, IconDots, IconDownload, IconFileText, IconPencil, IconSchool, IconStethoscope, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { address, api, unwrap, type ModelView } from "@/api";
import { Bars, classColours, ClassMark, Definitions, Explain, Facts, fmt, LinkButton, Mark, Query, SimulatedTag, Stat, StateTag, Stats, Warnings } from "@/ui";
import { CardText } from "./CardText";
import { DeleteModel, RenameModel } from "./ModelDialogs";
import { judged, testInWords } from "./tested";
import css from "./models.module.css";

const KINDS: Record<string, string> = {
  "single-label": "answers with one class",
  "multi-label": "answers yes or no for each class",
  regression: "answers with a number",
};

/** One model: what it answers, how well, from what, and what one can do with it. */
export function ModelCard({ model }: { model: ModelView }) {
  const [open, setOpen] = useState(false);
  const [dialog, setDialog] = useState<"rename" | "delete" | "card" | null>(null);
  const words = useQuery({
    queryKey: ["metric-explanations"],
    staleTime: Infinity,
    queryFn: ({ signal }) => unwrap(api.GET("/api/metric-explanations", { signal })),
  }).data;
  const colours = classColours(model.classes);
  const found = judged(model);
  const exportHref = (form: "onnx" | "capsule") => `${address("models", model.name, "export")}?form=${form}`;
  const classes = model.classes.map((name, index) => ({ name, title: model.class_titles[index] ?? "" }));
  return (
    <article className={css["card"]} data-testid={model.zoo ? "zoo-card" : "model-card"} data-model={model.name} aria-label={model.name}>
      <header className={css["head"]}>
        <div className={css["headText"]}>
          <div className={css["titleLine"]}>
            <h2 className={css["title"]}>{model.name}</h2>
            {model.zoo && <Mark title="It was installed with the program: it can be used, trained on and downloaded, not changed.">comes with Einthoven</Mark>}
            {model.simulated && <SimulatedTag what="This model learned from simulated ECGs. It says nothing about patients." />}
            {model.imported && <Mark title="Somebody else made this model; its file was taken in here.">taken in from elsewhere</Mark>}
            {model.untrained !== "" && <StateTag state="doubt" word="untrained: a starting point, not for prediction" explain={model.untrained} testId="model-untrained" />}
          </div>
          <div className="ein-quiet">
            {model.task === "" ? "" : `${model.task}: `}
            {KINDS[model.kind] ?? model.kind}
          </div>
        </div>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label={`More for ${model.name}`} data-testid="model-menu">
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconFileText size={16} />} onClick={() => setDialog("card")} data-testid="model-read-card">
              Read its card
            </Menu.Item>
            <Menu.Item component="a" href={exportHref("capsule")} download leftSection={<IconDownload size={16} />} data-testid="model-download-capsule">
              Download all of it (.ecgmodel)
            </Menu.Item>
            <Menu.Item component="a" href={exportHref("onnx")} download leftSection={<IconDownload size={16} />} data-testid="model-download-onnx">
              Download the bare ONNX file
            </Menu.Item>
            {!model.zoo && (
              <>
                <Menu.Divider />
                <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setDialog("rename")} data-testid="model-rename">
                  Rename
                </Menu.Item>
                <Menu.Item color="var(--ein-bad)" leftSection={<IconTrash size={16} />} onClick={() => setDialog("delete")} data-testid="model-delete">
                  Delete
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      </header>

      <div className={css["classes"]}>
        {model.kind === "regression" ? (
          <span>
            {classes[0]?.title || classes[0]?.name}
            {model.unit ? ` in ${model.unit}` : ""}
          </span>
        ) : (
          classes.slice(0, 12).map((one) => <ClassMark key={one.name} name={one.name} title={one.title} colour={colours.get(one.name) ?? "var(--ein-quiet)"} />)
        )}
        {classes.length > 12 && <span className="ein-quiet">and {classes.length - 12} more</span>}
      </div>

      <Stats>
        {model.kind === "regression" ? (
          <Stat label="Mean error" explain={words?.["mae"]} value={fmt.fixed(found.meanError.value)} unit={model.unit === "" ? undefined : model.unit} note={found.meanError.note} />
        ) : (
          <>
            <Stat label="Macro F1" explain={words?.["macro_f1"]} value={fmt.fixed(found.macroF1.value)} note={found.macroF1.note} />
            <Stat label="Macro AUROC" explain={words?.["macro_auroc"]} value={fmt.fixed(found.macroAuroc.value)} note={found.macroAuroc.note} />
          </>
        )}
        <Stat label="Learned from" value={fmt.count(model.n_train)} unit={model.n_train === null ? undefined : "ECGs"} note={model.trained_on ?? (model.data === "" ? "not stated" : model.data)} />
      </Stats>

      {found.test !== null && <div className="ein-quiet">{testInWords(found.test)}.</div>}

      <Warnings warnings={model.warnings} />

      <Facts
        items={[
          fmt.plural(model.leads.length, "lead"),
          `${fmt.plain(model.duration, 1)} s at ${fmt.rate(model.rate)}`,
          architectureOf(model),
          fmt.bytes(model.size),
          fmt.when(model.created),
        ]}
      />

      <UnstyledButton className={css["fold"]} onClick={() => setOpen(!open)} aria-expanded={open} data-testid="model-details">
        {open ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
        How it was made, and what it does to an ECG first
      </UnstyledButton>
      {open && <Details model={model} colours={colours} />}

      <footer className={css["actions"]}>
        {model.untrained === "" && (
          <>
            <LinkButton size="xs" to="/predict" search={{ model: model.name }} leftSection={<IconStethoscope size={14} />} data-testid="model-use">
              Use
            </LinkButton>
            <LinkButton size="xs" variant="default" to="/evaluate" search={{ model: model.name }} leftSection={<IconChartHistogram size={14} />} data-testid="model-evaluate">
              Evaluate
            </LinkButton>
          </>
        )}
        {model.can_continue && (
          <LinkButton size="xs" variant={model.untrained === "" ? "default" : "filled"} to="/train" search={{ model: model.name }} leftSection={<IconSchool size={14} />} data-testid="model-fine-tune">
            Fine-tune
          </LinkButton>
        )}
      </footer>
      {dialog === "card" && <Card name={model.name} onClose={() => setDialog(null)} />}
      {dialog === "rename" && <RenameModel name={model.name} onClose={() => setDialog(null)} />}
      {dialog === "delete" && <DeleteModel name={model.name} onClose={() => setDialog(null)} />}
    </article>
  );
}

function Card({ name, onClose }: { name: string; onClose: () => void }) {
  const card = useQuery({
    queryKey: ["model-card", name],
    queryFn: ({ signal }) => unwrap(api.GET("/api/models/{model}/card", { params: { path: { model: name } }, parseAs: "text", signal })),
  });
  return (
    <Modal opened onClose={onClose} title={name} size="xl">
      <Query query={card}>{(text) => <CardText card={text} />}</Query>
    </Modal>
  ); // prettier-ignore
}

function architectureOf(model: ModelView): string {
  if (model.architecture === "imported" || (model.architecture === null && model.can_continue)) return "network from elsewhere";
  return model.architecture ?? "ONNX only";
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <ul className={css["steps"]}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

/** Sentences where it was said how they were chosen; the bare numbers of a model that says nothing of it. */
function thresholdsOf(model: ModelView) {
  const words = model.threshold_words ?? [];
  return words.length > 0 ? <Lines lines={words} /> : model.classes.map((name, i) => `${name} ${fmt.fixed(model.thresholds[i])}`).join(", ");
}

function Details({ model, colours }: { model: ModelView; colours: ReadonlyMap<string, string> }) {
  const counts = Object.entries(model.label_counts);
  return (
    <div className={css["details"]}>
      <Definitions
        rows={[
          { name: "Leads", value: model.leads.join(" ") },
          {
            name: "Steps",
            value: (
              <ol className={css["steps"]}>
                {model.steps.map((step) => (
                  <li key={step}>{step}</li>
                ))}
              </ol>
            ),
          },
          { name: "Started from", value: model.base ? `the model ${model.base}` : model.imported ? "not known: made elsewhere" : "untrained weights" },
          ...(model.sealed === "" ? [] : [{ name: "Its file", value: model.sealed }]),
          ...(model.told.length > 0 ? [{ name: "Said when it was taken in", value: <Lines lines={model.told} /> }] : []),
          ...(model.found.length > 0 ? [{ name: "Found in its file", value: <Lines lines={model.found} /> }] : []),
          ...(model.parameters === null ? [] : [{ name: <Explain text="Numbers that training adjusts.">Parameters</Explain>, value: fmt.count(model.parameters) }]),
          ...(model.kind === "multi-label" && model.thresholds.length > 0
            ? [{ name: <Explain text="Probability from which a class counts as present.">Thresholds</Explain>, value: thresholdsOf(model) }]
            : []),
          ...(model.run ? [{ name: "Training", value: <Link to="/runs/$run" params={{ run: model.run }}>its course and settings</Link> }] : []),
          ...(model.can_continue ? [] : [{ name: "Fine-tuning", value: "not possible: the file holds no weights to go on from" }]),
        ]}
      />
      {counts.length > 0 && (
        <div>
          <div className="ein-quiet">ECGs per class it learned from</div>
          <Bars label="ECGs per class" rows={counts.map(([name, value]) => ({ name, value, colour: colours.get(name) })).sort((a, b) => b.value - a.value).slice(0, 12)} />
        </div>
      )}
    </div>
  ); // prettier-ignore
}
