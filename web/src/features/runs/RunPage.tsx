import { useEffect } from "react";
import { Button } from "@mantine/core";
import { IconChartDots, IconDownload, IconSchool, IconStethoscope } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { address, api, type TrainOptions, type TrainOutcome, unwrap } from "@/api";
import { BackLink, Definitions, Facts, fmt, Page, Panel, ProblemView, Query, SimulatedTag, Waiting, Warnings } from "@/ui";
import { isActive, JobState, ProgressLine, useCancel, useHistory } from "@/features/jobs";
import { ConfusionMatrix } from "@/features/evaluate/ConfusionMatrix";
import { Figures } from "@/features/evaluate/Figures";
import { PerClass } from "@/features/evaluate/PerClass";
import { Refused } from "@/features/predict/Refused";
import { datasetQuery, datasetsQuery, modelsQuery, trainOptionsQuery } from "@/features/train/queries";
import { type Course, courseOf, headline, METHODS, mostEpochs, type RunSoFar, stoppedInWords } from "./course";
import { BesideIt } from "./BesideIt";
import { Curves } from "./Curves";
import { Cancelled, Failed } from "./Ended";
import { SplitTable } from "./SplitTable";
import { Thresholds } from "./Thresholds";
import css from "./runs.module.css";

const route = getRouteApi("/runs/$run");

export function RunPage() {
  const { run: id } = route.useParams();
  const query = useQuery({
    queryKey: ["run", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{job}", { params: { path: { job: id } }, signal })),
  });
  if (query.data === undefined)
    return (
      <Page title="Training" before={<BackLink to="/train" aria-label="Back to Train" />}>
        <Query query={query} waiting={<Waiting height={320} />}>{() => null}</Query>
      </Page>
    ); // prettier-ignore
  return <RunOf key={id} run={query.data} />;
}

function RunOf({ run }: { run: RunSoFar }) {
  const { job, request, outcome } = run;
  const active = isActive(job);
  const client = useQueryClient();
  const { history, connected } = useHistory(job.id, { live: active });
  const { settled } = history;
  useEffect(() => {
    if (settled > 0) void client.invalidateQueries({ queryKey: ["run", job.id] });
  }, [client, job.id, settled]);
  const course = courseOf(run, history);
  const most = mostEpochs(run);
  const models = useQuery(modelsQuery);
  const datasets = useQuery(datasetsQuery);
  const model = models.data?.find((entry) => entry.name === outcome?.model);
  const simulated = model?.simulated === true || (datasets.data?.find((entry) => entry.name === request.dataset)?.n_simulated ?? 0) > 0;
  const name = outcome?.model ?? request.name ?? job.title;
  const kind = useQuery(datasetQuery(request.dataset)).data?.tasks.find((task) => task.name === request.task)?.kind;
  return (
    <Page
      title={name}
      documentTitle={active ? `${Math.floor((course.share ?? 0) * 100)} % ${name}` : name}
      before={<BackLink to="/train" aria-label="Back to Train" />}
      tags={<>{simulated && <SimulatedTag />}<JobState state={job.state} /></>}
      facts={
        <Facts
          items={[
            request.dataset,
            `task ${request.task}`,
            request.from_model === null || request.from_model === undefined ? request.architecture : `from ${request.from_model}`,
            METHODS[request.method ?? "scratch"]?.title ?? request.method,
            fmt.when(job.created),
          ]}
        />
      }
      notice
    >
      {active && <Running run={run} course={course} most={most} connected={connected} />}
      {job.state === "failed" && <Failed run={run} course={course} />}
      {job.state === "cancelled" && outcome === null && <Cancelled run={run} />}
      {outcome !== null && <HowGood outcome={outcome} course={course} />}
      {outcome?.beside != null && <BesideIt outcome={outcome} beside={outcome.beside} chosen={course.chosen} />}
      {(active || course.epochs.length > 0) && !isSolved(outcome) && <Curves course={course} most={most} kind={kind} />}
      {outcome !== null && outcome.validation.kind !== "regression" && <Classes outcome={outcome} />}
      {outcome !== null && <Thresholds thresholds={outcome.thresholds ?? []} />}
      <div className={css.two}>
        {run.split !== null && <SplitTable split={run.split} />}
        <Settings run={run} />
      </div>
      {outcome !== null && <Refused failures={outcome.refused} />}
      <Log lines={course.log} />
    </Page>
  ); // prettier-ignore
}

interface RunningProps {
  readonly run: RunSoFar;
  readonly course: Course;
  readonly most: number | null;
  readonly connected: boolean;
}

function Running({ run, course, most, connected }: RunningProps) {
  const cancel = useCancel();
  const { job } = run;
  const waiting = job.state === "queued" && course.epochs.length === 0;
  return (
    <Panel testId="run-running">
      <p className={css.headline} aria-live="polite" data-testid="run-headline">
        {waiting ? "Waits for its turn" : headline(course, most)}
      </p>
      <ProgressLine
        share={waiting ? 0 : course.share}
        message={connected ? work(course) : "The server does not answer at the moment; trying again."}
        onCancel={() => cancel.mutate(job.id)}
        cancelling={job.cancel_requested || cancel.isPending || cancel.isSuccess}
        cancelNote={course.epochs.length === 0 ? "nothing to keep yet" : "keeps the best so far"}
        label={`Training ${job.title}`}
      />
      {cancel.isError && <ProblemView error={cancel.error} compact />}
    </Panel>
  );
}

// Outside of the epochs the headline says already what is being done.
function work({ current }: Course): string {
  return current === null ? "" : `epoch ${current.epoch}: ${Math.floor(current.share * 100)} % of its ECGs seen`;
}

/** What these ECGs chose, and so flatter. */
function flattery(outcome: TrainOutcome, epochChosen: boolean): string {
  const thresholds = (outcome.thresholds ?? []).some((one) => one.reason === "");
  const chosen = [...(epochChosen ? ["the best epoch"] : []), ...(thresholds ? ["from where a class counts as present"] : [])];
  if (chosen.length === 0) return "These ECGs chose nothing of the model, but they are of the same source as those that it learned from.";
  const what = chosen.join(" and ");
  return `${what.charAt(0).toUpperCase()}${what.slice(1)} ${chosen.length === 1 ? "was" : "were"} chosen by these same ECGs, so the figures flatter a little.`;
}

/** A ridge model has no epochs and no learning rate: there is no course to show. */
function isSolved(outcome: TrainOutcome | null): boolean {
  return outcome !== null && outcome.maximum_rate === 0;
}

function HowGood({ outcome, course }: { outcome: TrainOutcome; course: Course }) {
  const solved = isSolved(outcome);
  const { validation, model } = outcome;
  return (
    <div className={css.done} data-testid="run-done">
      <Panel title="How good" explain="On the validation part: ECGs that the weights were not learned from.">
        <div className={css.figures}>
          <Figures evaluation={validation} unit={outcome.unit ?? ""} />
          <Warnings warnings={validation.warnings ?? []} />
        </div>
        <p className={css.below0}>
          {solved ? "Solved in one step." : `${course.chosen ? "Best epoch" : "Kept is epoch"} ${outcome.best_epoch} of ${course.epochs.length}; ${stoppedInWords(outcome.stopped)}.`} Took{" "}
          {fmt.seconds(outcome.seconds)}.
        </p>
        <p className={css.plain}>
          {flattery(outcome, !solved && course.chosen)} Evaluate on other ECGs for honest ones.
        </p>
      </Panel>
      <Panel title="Next">
        <div className={css.next}>
          <Button renderRoot={(props) => <Link to="/evaluate" search={{ model }} {...props} />} leftSection={<IconChartDots size={18} aria-hidden />} justify="flex-start" data-testid="next-evaluate">
            Evaluate on other ECGs
          </Button>
          <Button renderRoot={(props) => <Link to="/predict" search={{ model }} {...props} />} variant="default" leftSection={<IconStethoscope size={18} aria-hidden />} justify="flex-start" data-testid="next-predict">
            Predict with it
          </Button>
          <Button renderRoot={(props) => <Link to="/train" search={{ model }} {...props} />} variant="default" leftSection={<IconSchool size={18} aria-hidden />} justify="flex-start">
            Train on from it
          </Button>
          <Button component="a" href={`${address("models", model, "export")}?form=capsule`} download variant="default" leftSection={<IconDownload size={18} aria-hidden />} justify="flex-start" data-testid="download-capsule">
            Download the model
          </Button>
          <Button component="a" href={`${address("models", model, "export")}?form=onnx`} download variant="default" leftSection={<IconDownload size={18} aria-hidden />} justify="flex-start" data-testid="download-onnx">
            Download the ONNX
          </Button>
          <p className={css.small}>The file (.ecgmodel) holds the ONNX, the weights to train on from, a card and the statistics.</p>
        </div>
      </Panel>
    </div>
  ); // prettier-ignore
}

function Classes({ outcome }: { outcome: TrainOutcome }) {
  return (
    <div className={css.two}>
      {outcome.validation.confusion !== null && (
        <Panel title="What was taken for what">
          <ConfusionMatrix evaluation={outcome.validation} />
        </Panel>
      )}
      <Panel title="Each class" flush>
        <PerClass evaluation={outcome.validation} csvName={`${outcome.model}-classes.csv`} />
      </Panel>
    </div>
  );
}

function Settings({ run }: { run: RunSoFar }) {
  const { outcome } = run;
  const config = { ...run.config, ...(outcome === null ? {} : { maximum_rate: outcome.maximum_rate }) };
  const settings = Object.entries(config).filter(([name, value]) => value !== null && !ABOUT_THE_FORM.includes(name));
  // The rate that was found or given stands in the outcome.
  const changed = Object.entries(run.changed ?? {}).filter(([name]) => name !== "maximum_rate" || outcome === null);
  const environment = Object.entries(run.environment);
  const options = useQuery(trainOptionsQuery).data;
  const title = (name: string) => options?.options.find((option) => option.name === name)?.title ?? words(name);
  if (settings.length === 0 && environment.length === 0) return null;
  return (
    <Panel title="Settings and environment" testId="settings">
      <Definitions
        rows={[
          { name: "Recipe", value: recipeTitle(run, options) },
          ...told(run),
          ...(outcome === null || isSolved(outcome) ? [] : [{ name: title("maximum_rate"), value: shown(outcome.maximum_rate) }]),
          ...changed.map(([name, value]) => ({ name: title(name), value: shown(value) })),
        ]}
      />
      <p className={css.below0} data-testid="changed-settings">
        {Object.keys(run.changed ?? {}).length === 0 ? "All settings are as in the recipe." : "All other settings are as in the recipe."}
      </p>
      {outcome !== null && (
        <p className={css.below0}>The exported ONNX answers like the trained network: {parityInWords(outcome)}.</p>
      )}
      {settings.length > 0 && (
        <details className={css.fold} data-testid="all-settings">
          <summary>All settings</summary>
          <Definitions rows={settings.map(([name, value]) => ({ name: title(name), value: shown(value) }))} />
        </details>
      )}
      {environment.length > 0 && (
        <details className={css.fold}>
          <summary>Environment</summary>
          <Definitions rows={environment.map(([name, value]) => ({ name: words(name), value }))} />
        </details>
      )}
    </Panel>
  );
}

/** The recipe's title; its name where this release does not know it. */
function recipeTitle(run: RunSoFar, options: TrainOptions | undefined): string {
  const used: unknown = run.config["recipe"] ?? run.request.recipe;
  return options?.recipes.find((recipe) => recipe.name === used)?.title ?? String(used);
}

function told({ request }: RunSoFar): { name: string; value: string }[] {
  const subject = request.subject ?? [];
  return subject.length === 0 ? [] : [{ name: "Beside the ECG", value: subject.join(", ") }];
}

/** How far the answers of the exported graph were from the network's, at most; a regression has no probabilities. */
function parityInWords(outcome: { parity_logits: number; parity_probabilities: number | null }): string {
  const { parity_logits: raw, parity_probabilities: probabilities } = outcome;
  if (probabilities === null) return `within ${raw.toExponential(1)}`;
  return `within ${raw.toExponential(1)} (logits) and ${probabilities.toExponential(1)} (probabilities)`;
}

// They say how the settings are written down, not what they are.
const ABOUT_THE_FORM = ["format", "version"];

function words(name: string): string {
  return name.replaceAll("_", " ");
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(2) : String(Number(value.toPrecision(6)));
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Log({ lines }: { lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <Panel>
      <details className={css.fold0} data-testid="run-log">
        <summary>Log ({fmt.plural(lines.length, "line")})</summary>
        <pre className={css.log} tabIndex={0}>{lines.join("\n")}</pre>
      </details>
    </Panel>
  ); // prettier-ignore
}
