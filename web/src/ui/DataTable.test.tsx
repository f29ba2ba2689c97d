import { MantineProvider } from "@mantine/core";
import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, it } from "vitest";
import { DataTable, type DataColumn } from "./DataTable";

interface Row {
  name: string;
  n: number | null;
}

const COLUMNS: DataColumn<Row>[] = [
  { id: "name", title: "Name", value: (row) => row.name },
  { id: "n", title: "N", value: (row) => row.n },
];
const ROWS: Row[] = [
  { name: "b", n: 10 },
  { name: "a", n: null },
  { name: "c", n: 9 },
];

// jsdom lays nothing out; the virtual list needs a height to know what is in sight.
beforeAll(() => {
  Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, value: 400 });
  Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, value: 800 });
});

function shown(): string[] {
  return screen
    .getAllByRole("row")
    .slice(1)
    .map((row) => within(row).getAllByRole("cell")[0]?.textContent ?? "");
}

describe("DataTable", () => {
  it("sorts numbers as numbers both ways and keeps empty cells last", async () => {
    render(
      <MantineProvider>
        <DataTable label="t" columns={COLUMNS} rows={ROWS} rowKey={(row) => row.name} />
      </MantineProvider>,
    );
    expect(shown()).toEqual(["b", "a", "c"]);
    await userEvent.click(screen.getByRole("button", { name: "N" }));
    expect(shown()).toEqual(["c", "b", "a"]);
    await userEvent.click(screen.getByRole("button", { name: "N" }));
    expect(shown()).toEqual(["b", "c", "a"]);
  });

  it("shows a place for a row that is still being fetched", () => {
    render(
      <MantineProvider>
        <DataTable label="t" columns={COLUMNS} rows={[ROWS[0], undefined]} rowKey={(row) => row.name} />
      </MantineProvider>,
    );
    expect(screen.getAllByRole("row")).toHaveLength(3);
    expect(screen.getAllByRole("row")[2]?.getAttribute("aria-busy")).toBe("true");
  });
});
