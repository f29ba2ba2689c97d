/** A table of 32 px rows: sortable, virtual (a hundred thousand rows are as fast as ten), exported as CSV. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconDownload } from "@tabler/icons-react";
import { createColumnHelper, getCoreRowModel, getSortedRowModel, useReactTable, type SortingState } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { saveText, toCsv, type CsvCell } from "./csv";
import css from "./DataTable.module.css";
import { Explain } from "./Explain";

export interface DataColumn<Row> {
  id: string;
  title: string;
  /** One line for the hover on the title. */
  explain?: string;
  /** Width, px; columns without one share the room that is left by `grow`. */
  width?: number;
  /** Share of the room that is left, 1 if not said. */
  grow?: number;
  align?: "right";
  /** Stays in sight when the table is scrolled to the right: the column that says which row it is. */
  pinned?: boolean;
  /** What is shown; `value` as text if left out. */
  cell?: (row: Row) => ReactNode;
  /** What is sorted and exported. Without it the column is neither. */
  value?: (row: Row) => CsvCell;
  sortable?: boolean;
}

export interface Sort {
  column: string;
  descending: boolean;
}

interface DataTableProps<Row> {
  columns: readonly DataColumn<Row>[];
  /** `undefined` stands for a row that is still being fetched (`onRange` says which are in sight). */
  rows: readonly (Row | undefined)[];
  rowKey: (row: Row) => string | number;
  label: string;
  onRowClick?: (row: Row) => void;
  selected?: string | number | null;
  /** File name for the CSV button; without it there is none. */
  csvName?: string;
  /** Address of the server's CSV, when not all rows are here. */
  csvHref?: string;
  /** Most height, px or any CSS length; the table is as high as its rows below that. */
  height?: number | string;
  rowHeight?: number;
  /** With `onSort` the caller sorts (the server), otherwise the table does. */
  sort?: Sort | null;
  onSort?: (sort: Sort) => void;
  onRange?: (first: number, last: number) => void;
  /** What stands in the foot at the left, such as the number of rows. */
  foot?: ReactNode;
  empty?: ReactNode;
  testId?: string;
}

const HEAD = 32;

function compare(a: CsvCell, b: CsvCell): number {
  // Empty cells stand last, whichever way it is sorted: the caller turns the sign for the others.
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

function cellClass<Row>({ align, pinned }: DataColumn<Row>): string {
  return `${align === "right" ? css["right"] : css["cell"]} ${pinned ? css["pinned"] : ""}`;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { columns, rows, rowKey, onRowClick, sort, onSort, onRange, height = 480, rowHeight = 32 } = props;
  const [own, setOwn] = useState<SortingState>(sort ? [{ id: sort.column, desc: sort.descending }] : []);
  const definitions = useMemo(() => {
    const helper = createColumnHelper<Row | undefined>();
    return columns.map((column) =>
      helper.accessor((row: Row | undefined): CsvCell => (row === undefined ? null : (column.value?.(row) ?? null)), {
        id: column.id,
        enableSorting: column.value !== undefined && column.sortable !== false,
        sortDescFirst: false,
        sortUndefined: "last",
        sortingFn: (a, b, id) => {
          const [x, y] = [a.getValue<CsvCell>(id), b.getValue<CsvCell>(id)];
          const descending = own[0]?.desc === true;
          if (x === null || x === "") return y === null || y === "" ? 0 : descending ? -1 : 1;
          if (y === null || y === "") return descending ? 1 : -1;
          return compare(x, y);
        },
      }),
    );
  }, [columns, own]);
  const table = useReactTable<Row | undefined>({
    data: rows as (Row | undefined)[],
    columns: definitions,
    state: { sorting: onSort ? [] : own },
    onSortingChange: setOwn,
    manualSorting: onSort !== undefined,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
  const shown = table.getRowModel().rows;

  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 0, height: typeof height === "number" ? height : 600 },
  });
  const visible = virtual.getVirtualItems();
  const first = visible[0]?.index ?? 0;
  const last = visible[visible.length - 1]?.index ?? 0;
  useEffect(() => {
    onRange?.(first, last);
  }, [onRange, first, last]);

  const active = onSort ? sort : own[0] ? { column: own[0].id, descending: own[0].desc } : null;
  // Hundredths, as shares below 1 fr in all would leave room unused.
  const template = columns.map((c) => (c.width === undefined ? `minmax(${96 * (c.grow ?? 1)}px, ${100 * (c.grow ?? 1)}fr)` : `${c.width}px`)).join(" ");
  const least = columns.reduce((sum, c) => sum + (c.width ?? 96 * (c.grow ?? 1)) + 16, 16);

  // Whether there is more to the left and to the right of what is in sight.
  const [more, setMore] = useState<"none" | "left" | "right" | "both">("none");
  const look = () => {
    const box = scroller.current;
    if (box === null) return;
    const [left, right] = [box.scrollLeft > 1, box.scrollWidth - box.clientWidth - box.scrollLeft > 1];
    setMore(left ? (right ? "both" : "left") : right ? "right" : "none");
  };
  useEffect(() => {
    if (scroller.current === null) return;
    const watch = new ResizeObserver(look);
    watch.observe(scroller.current);
    return () => watch.disconnect();
  }, [least]);

  const press = (id: string) => {
    const descending = active?.column === id ? !active.descending : false;
    if (onSort) onSort({ column: id, descending });
    else setOwn([{ id, desc: descending }]);
  };
  const move = (event: KeyboardEvent<HTMLDivElement>, row: Row) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onRowClick?.(row);
      return;
    }
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = step > 0 ? event.currentTarget.nextElementSibling : event.currentTarget.previousElementSibling;
    if (next instanceof HTMLElement) next.focus();
  };
  const save = () => {
    const kept = columns.filter((column) => column.value !== undefined);
    const body = shown.flatMap(({ original }) => (original === undefined ? [] : [kept.map((c) => c.value?.(original))]));
    saveText(props.csvName ?? "table.csv", toCsv(kept.map((c) => c.title), body));
  };

  return (
    <div className={css["whole"]}>
      <div className={css["view"]} data-scrolled={more === "left" || more === "both"}>
        <div ref={scroller} className={css["scroller"]} style={{ maxHeight: height }} onScroll={look}>
          <div
            role="table"
            aria-label={props.label}
            aria-rowcount={shown.length + 1}
            data-testid={props.testId}
            style={{ minWidth: least }}
          >
            <div role="rowgroup" className={css["head"]} style={{ height: HEAD }}>
              <div role="row" className={css["row"]} style={{ gridTemplateColumns: template, height: "100%" }}>
                {columns.map((column) => {
                  const canSort = column.value !== undefined && column.sortable !== false;
                  const on = active?.column === column.id;
                  const title = <Explain text={column.explain}>{column.title}</Explain>;
                  return (
                    <div
                      key={column.id}
                      role="columnheader"
                      className={cellClass(column)}
                      aria-sort={on ? (active.descending ? "descending" : "ascending") : undefined}
                    >
                      {canSort ? (
                        <button type="button" className={css["sort"]} onClick={() => press(column.id)}>
                          {title}
                          {on && (active.descending ? <IconArrowDown size={14} aria-hidden /> : <IconArrowUp size={14} aria-hidden />)}
                        </button>
                      ) : (
                        title
                      )}
                    </div>
                  );
                })}
              </div>
            </div>
            <div role="rowgroup" className={css["body"]} style={{ height: virtual.getTotalSize() }}>
              {visible.map((item) => {
                const row = shown[item.index]?.original;
                const place = { gridTemplateColumns: template, height: rowHeight, transform: `translateY(${item.start}px)` };
                if (row === undefined) {
                  return (
                    <div key={`waiting-${item.index}`} role="row" aria-busy="true" className={`${css["row"]} ${css["placed"]}`} style={place}>
                      <div role="cell" className={css["ghost"]} />
                    </div>
                  );
                }
                const key = rowKey(row);
                return (
                  <div
                    key={key}
                    role="row"
                    aria-rowindex={item.index + 2}
                    aria-selected={props.selected === undefined ? undefined : props.selected === key}
                    className={`${css["row"]} ${css["placed"]} ${onRowClick ? css["pick"] : ""} ${props.selected === key ? css["selected"] : ""}`}
                    style={place}
                    tabIndex={onRowClick ? 0 : undefined}
                    onClick={onRowClick && (() => onRowClick(row))}
                    onKeyDown={onRowClick && ((event) => move(event, row))}
                  >
                    {columns.map((column) => {
                      const content = column.cell ? column.cell(row) : column.value?.(row);
                      return (
                        <div
                          key={column.id}
                          role="cell"
                          className={cellClass(column)}
                          title={typeof content === "string" ? content : undefined}
                        >
                          {content}
                        </div>
                      );
                    })}
                  </div>
                );
              })}
            </div>
          </div>
          {shown.length === 0 && props.empty}
        </div>
        {(more === "right" || more === "both") && <div className={css["edge"]} aria-hidden />}
      </div>
      {(props.foot || props.csvName || props.csvHref) && (
        <div className={css["foot"]}>
          <span className="ein-quiet">{props.foot}</span>
          {props.csvHref ? (
            <Tooltip label="Save the whole table as CSV">
              <ActionIcon component="a" href={props.csvHref} download aria-label="Save table as CSV">
                <IconDownload size={16} />
              </ActionIcon>
            </Tooltip>
          ) : (
            props.csvName && (
              <Tooltip label="Save this table as CSV">
                <ActionIcon onClick={save} aria-label="Save table as CSV">
                  <IconDownload size={16} />
                </ActionIcon>
              </Tooltip>
            )
          )}
        </div>
      )}
    </div>
  );
}
