/** Asked once: who corrects. It stands beside every correction, on this installation only. */
import { Button, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import css from "./beats.module.css";

const LONGEST = 80;

export function WhoDialog({ onAnswer }: { onAnswer: (who: string | null) => void }) {
  const [who, setWho] = useState("");
  const name = who.trim();
  return (
    <Modal opened onClose={() => onAnswer(null)} title="Who corrects?" size="sm" data-testid="who-dialog">
      <form
        className={css["stack"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== "") onAnswer(name);
        }}
      >
        <TextInput
          label="Your name or initials" description="It stands beside each of your corrections, and stays on this installation. It is asked once." value={who} maxLength={LONGEST}
          onChange={(event) => setWho(event.currentTarget.value)} data-autofocus data-testid="who-name"
        />
        <div className={css["end"]}>
          <Button variant="default" onClick={() => onAnswer(null)}>
            Do not correct
          </Button>
          <Button type="submit" disabled={name === ""} data-testid="who-save">
            Correct
          </Button>
        </div>
      </form>
    </Modal>
  );
}
