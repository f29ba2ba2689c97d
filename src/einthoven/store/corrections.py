"""Times of waves that a person set by hand, for each record of a dataset: who, and when."""

from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from einthoven.beats.corrections import SAME_BEAT_S, Correction
from einthoven.errors import NotFound, SettingError
from einthoven.store import tables as t
from einthoven.store.database import Database, now
from einthoven.store.store import MAX_ROW_ID

MAX_WHO = 80


def checked_who(who: str) -> str:
    """What a person calls themselves: short, on one line, possibly nothing."""
    stripped = who.strip()
    if len(stripped) > MAX_WHO or not stripped.isprintable():
        raise SettingError("That cannot be a name.", advice=f"Use up to {MAX_WHO} characters on one line.")
    return stripped


class Corrections:
    """The corrections of all records. They go with the record that they are of."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def of(self, item_id: int) -> list[Correction]:
        """The corrections of one record, in the order in which they were made."""
        if abs(item_id) > MAX_ROW_ID:
            return []
        mine = select(t.corrections).where(t.corrections.c.item_id == item_id).order_by(t.corrections.c.id)
        with self.database.read() as c:
            return [_correction(row) for row in c.execute(mine)]

    def of_dataset(self, dataset: str) -> dict[int, list[Correction]]:
        """Corrections by record, of those records of a dataset that have some."""
        every = (
            select(t.corrections)
            .select_from(t.corrections.join(t.items).join(t.datasets))
            .where(t.datasets.c.name == dataset)
            .order_by(t.corrections.c.id)
        )
        found: dict[int, list[Correction]] = {}
        with self.database.read() as c:
            for row in c.execute(every):
                found.setdefault(row.item_id, []).append(_correction(row))
        return found

    def put(
        self, item_id: int, *, channel: str, r_peak: float, fiducial: str, time: float | None, who: str
    ) -> Correction:
        """Note a time; one that was set before for the same fiducial of the same beat is replaced."""
        values = {
            "item_id": item_id, "channel": channel, "r_peak": r_peak, "fiducial": fiducial, "time": time,
            "who": checked_who(who), "made": now(),
        }  # fmt: skip
        mine = t.corrections.c
        same = (mine.item_id == item_id) & (mine.channel == channel) & (mine.fiducial == fiducial)
        with self.database.write() as c:
            if abs(item_id) > MAX_ROW_ID or c.scalar(select(t.items.c.id).where(t.items.c.id == item_id)) is None:
                raise NotFound(f"There is no record {item_id}.", advice="It may have been deleted with its dataset.")
            c.execute(delete(t.corrections).where(same & (func.abs(mine.r_peak - r_peak) <= SAME_BEAT_S)))
            made = c.execute(insert(t.corrections).values(**values)).inserted_primary_key
            return _correction(_row(c, made[0]))  # type: ignore[index]

    def delete(self, item_id: int, correction_id: int) -> None:
        """Take one correction back; NotFound when the record has none of that number."""
        mine = t.corrections.c
        with self.database.write() as c:
            known = max(abs(item_id), abs(correction_id)) <= MAX_ROW_ID
            wanted = delete(t.corrections).where(mine.item_id == item_id, mine.id == correction_id)
            if not known or not c.execute(wanted).rowcount:
                raise NotFound(
                    f"Record {item_id} has no correction {correction_id}.", advice="It may have been taken back."
                )

    def clear(self, item_id: int) -> int:
        """Take all corrections of a record back; how many that were."""
        if abs(item_id) > MAX_ROW_ID:
            return 0
        with self.database.write() as c:
            return c.execute(delete(t.corrections).where(t.corrections.c.item_id == item_id)).rowcount


def _row(c: Connection, correction_id: int) -> Row[Any]:
    return c.execute(select(t.corrections).where(t.corrections.c.id == correction_id)).one()


def _correction(row: Row[Any]) -> Correction:
    return Correction(row.id, row.channel, row.r_peak, row.fiducial, row.time, row.who, row.made)
