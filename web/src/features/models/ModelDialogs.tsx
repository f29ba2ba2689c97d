import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { address, api, sendForm, unwrap, type ModelView } from "@/api";
import { ProblemView } from "@/ui";
import css from "./models.module.css";

export function RenameModel({ name, onClose }: { name: string; onClose: () => void }) {
  const client = useQueryClient();
  const [wanted, setWanted] = useState(name);
  const rename = useMutation({
    mutationFn: () => {
      const form = new FormData();
      form.append("name", wanted.trim());
      return sendForm<ModelView>("PATCH", address("models", name), form);
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["models"] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Rename ${name}`}>
      <form
        className={css["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted.trim() !== "" && wanted.trim() !== name) rename.mutate();
        }}
      >
        <TextInput label="New name" value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} data-autofocus data-testid="model-new-name" />
        {rename.isError && <ProblemView compact error={rename.error} />}
        <div className={css["end"]}>
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" loading={rename.isPending} disabled={wanted.trim() === "" || wanted.trim() === name}>
            Rename
          </Button>
        </div>
      </form>
    </Modal>
  );
}

export function DeleteModel({ name, onClose }: { name: string; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/models/{model}", { params: { path: { model: name } } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["models"] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Delete ${name}?`}>
      <div className={css["form"]}>
        <div>It cannot be brought back, unless you have downloaded it: a downloaded model can be taken in again.</div>
        {remove.isError && <ProblemView compact error={remove.error} />}
        <div className={css["end"]}>
          <Button variant="default" component="a" href={`${address("models", name, "export")}?form=capsule`} download>
            Download first
          </Button>
          <Button color="bad" loading={remove.isPending} onClick={() => remove.mutate()} data-testid="model-delete-confirm">
            Delete
          </Button>
        </div>
      </div>
    </Modal>
  );
}
