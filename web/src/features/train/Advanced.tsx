import { useState } from "react";
import { ActionIcon, Button, Collapse, Select, Switch, TextInput } from "@mantine/core";
import { IconArrowBackUp, IconChevronDown, IconSearch } from "@tabler/icons-react";
import type { TrainOption } from "@/api";
import { changedNames, type Draft, fault, grouped, type Sheet, shownText } from "./draft";
import css from "./train.module.css";

interface AdvancedProps {
  readonly sheet: Sheet;
  readonly typed: Draft["typed"];
  readonly onChange: (typed: Draft["typed"]) => void;
}

/** The settings as the recipe has them: the few common ones, and all others on demand. */
export function Advanced({ sheet, typed, onChange }: AdvancedProps) {
  const [all, setAll] = useState(false);
  const [search, setSearch] = useState("");
  const changed = new Set(changedNames(sheet, typed));
  const rest = sheet.options.filter((option) => !option.common);
  const changedInRest = rest.filter((option) => changed.has(option.name)).length;
  const groups = grouped(rest, search);
  const row = (option: TrainOption) => (
    <Setting
      key={option.name}
      option={option}
      text={shownText(sheet, typed, option.name)}
      changed={changed.has(option.name)}
      onChange={(text) => onChange({ ...typed, [option.name]: text })}
      onReset={() => onChange(without(typed, option.name))}
    />
  );
  return (
    <div className={css.advanced} data-testid="advanced">
      <div className={css.settings}>{sheet.options.filter((option) => option.common).map(row)}</div>
      <div className={css.allHead}>
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => setAll(!all)}
          aria-expanded={all}
          rightSection={<IconChevronDown size={14} className={all ? css.turned : undefined} aria-hidden />}
          data-testid="all-settings-toggle"
        >
          All settings{changedInRest === 0 ? "" : ` (${changedInRest} changed)`}
        </Button>
        {all && (
          <TextInput
            size="xs"
            aria-label="Find a setting"
            placeholder="Find a setting"
            leftSection={<IconSearch size={14} aria-hidden />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
            data-testid="settings-search"
          />
        )}
      </div>
      <Collapse expanded={all}>
        {groups.length === 0 && <p className={css.note}>No setting has these words.</p>}
        {groups.map(([group, options]) => (
          <section key={group} aria-label={group} className={css.group}>
            <h3 className={css.groupTitle}>{group}</h3>
            <div className={css.settings}>{options.map(row)}</div>
          </section>
        ))}
      </Collapse>
    </div>
  );
}

function without(typed: Draft["typed"], name: string): Draft["typed"] {
  return Object.fromEntries(Object.entries(typed).filter(([other]) => other !== name));
}

interface SettingProps {
  readonly option: TrainOption;
  readonly text: string;
  readonly changed: boolean;
  readonly onChange: (text: string) => void;
  readonly onReset: () => void;
}

/** One setting: its name and sentence on the left, its value on the right. */
function Setting({ option, text, changed, onChange, onReset }: SettingProps) {
  const id = `setting-${option.name}`;
  return (
    <div className={css.setting} data-changed={changed}>
      <div>
        <label htmlFor={id} className={css.settingTitle}>{option.title}</label>
        <p className={css.note}>{option.explanation}</p>
      </div>
      <div className={css.settingValue}>
        {changed && (
          <ActionIcon variant="subtle" size={28} aria-label={`${option.title}: as the recipe has it`} title="As the recipe has it" onClick={onReset}>
            <IconArrowBackUp size={16} aria-hidden />
          </ActionIcon>
        )}
        <Field id={id} option={option} text={text} onChange={onChange} />
      </div>
    </div>
  ); // prettier-ignore
}

function Field({ id, option, text, onChange }: { id: string; option: TrainOption; text: string; onChange: (text: string) => void }) {
  const same = { id, "aria-description": option.explanation, "data-testid": `option-${option.name}` };
  if (option.kind === "yes-no")
    return <Switch {...same} checked={text === "yes"} onChange={(event) => onChange(event.currentTarget.checked ? "yes" : "no")} />;
  if (option.kind === "choice")
    return (
      <Select
        {...same}
        size="sm"
        className={css.field}
        data={option.choices}
        value={text === "" ? null : text}
        placeholder="not set"
        onChange={(chosen) => onChange(chosen ?? "")}
        allowDeselect={false}
        clearable={option.optional}
      />
    );
  return (
    <TextInput
      {...same}
      size="sm"
      className={css.field}
      inputMode="decimal"
      value={text}
      placeholder={option.optional ? "not set" : undefined}
      error={fault(option, text)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
