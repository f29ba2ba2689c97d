/** Who corrects: asked before the first correction, and changed in the bar. It stands beside every correction. */
import { Button, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import css from "./beats.module.css";

const LONGEST = 80;

interface WhoDialogProps {
  onAnswer: (who: string | null) => void;
  known?: string;
  /** Only the name is changed; no correction waits for it. */
  change?: boolean;
}

export function WhoDialog({ onAnswer, known = "", change = false }: WhoDialogProps) {
  const [who, setWho] = useState(known);
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
          label="Your name or initials" description={`It stands beside each of your corrections, and stays on this installation. ${change ? "Corrections that are made keep their name." : "It is asked once; the bar below the paper changes it."}`} value={who} maxLength={LONGEST}
          onChange={(event) => setWho(event.currentTarget.value)} data-autofocus data-testid="who-name"
        />
        <div className={css["end"]}>
          <Button variant="default" onClick={() => onAnswer(null)}>
            {change ? "Cancel" : "Do not correct"}
          </Button>
          <Button type="submit" disabled={name === ""} data-testid="who-save">
            {change ? "Keep this name" : "Correct"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
