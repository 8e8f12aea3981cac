"""What was posted taken back, in the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from storage.holding import HELD
from storage.mapping import storable, subject_of
from storage.mapping_telling import mentions
from storage.memory_ledger import MemoryLedger
from storage.memory_state import MemoryCorrection, synchronised
from storage.receipts import lost
from storage.taking_back import (
    MOST_POSTED,
    OUT,
    WAITING,
    Fate,
    Place,
    Taking,
    attempt,
    audit_record,
    failed_notice,
    fate,
    latest_times,
    unsure_notice,
)
from watchers.correcting import Correction, CorrectionState, Posted
from watchers.telling import (
    Delivery,
    DeliveryState,
    Page,
    SendOutcome,
    SendResult,
    Withdrawal,
)

_OPEN = (CorrectionState.QUEUED.value, WAITING)


class MemoryCorrecting(MemoryLedger):
    """:class:`watchers.correcting.CorrectionPort`."""

    # ------------------------------------------------------------ what was posted

    @synchronised
    def posted(self, *, subject: str = "", official: str = "") -> tuple[Posted, ...]:
        """See :class:`watchers.correcting.CorrectionPort`."""
        names = set(self._told_names([subject])) if subject else set()
        if official:
            names.add(storable(f"official:{official}"))
        found = [
            delivery
            for delivery in self._deliveries.values()
            if delivery.state is not DeliveryState.DROPPED
            and not names.isdisjoint(mentions(delivery.content))
        ]
        return tuple(self._posted(delivery) for delivery in found[:MOST_POSTED])

    def _posted(self, delivery: Delivery) -> Posted:
        channel = self._channels[delivery.channel_id]
        return Posted(delivery, channel.chat, channel.private, self._built[delivery.digest_id])

    def _merged_names(self, subjects: Iterable[str]) -> dict[str, str]:
        """As :func:`storage.subjects.merged_names`."""
        names = {name: name for name in map(storable, subjects)}
        size = 0
        while size < len(names):
            size = len(names)
            for story, into in self._merged.items():
                if into in names:
                    names.setdefault(story, names[into])
        return names

    def _told_names(self, subjects: Iterable[str]) -> dict[str, str]:
        """As :func:`storage.subjects.told_names`."""
        names = self._merged_names(subjects)
        firsts = {
            subject_of(kept.id, kept.duplicate_of, None): names[kept.story]
            for kept in self._articles.values()
            if kept.story in names
        }
        return {**firsts, **names}

    # ------------------------------------------------------------ taking back

    @synchronised
    def withdraw(
        self,
        subjects: Sequence[str],
        changes: Mapping[int, Page | None],
        *,
        what: str,
        note: str = "",
        at: datetime,
        actor: str,
    ) -> int:
        """See :class:`watchers.correcting.CorrectionPort`."""
        taking = Taking(tuple(dict.fromkeys(subjects)), what, note, at, actor)
        self._announce(taking)
        fates = {
            number: found
            for number in sorted(changes.keys() & self._deliveries.keys())
            if (found := self._fate(self._deliveries[number], changes[number]))
        }
        messages = sum(self._take_back(number, found, at) for number, found in fates.items())
        if taking.is_removal:
            self._muted |= {("subject", storable(subject)) for subject in taking.subjects}
        places = [self._place_of(number) for number, found in fates.items() if found.unsure]
        if places:
            self._tell(unsure_notice(taking, places), at)
        self._audit.append(audit_record(taking, messages, len(places)))
        return messages

    def _fate(self, delivery: Delivery, page: Page | None) -> Fate | None:
        return fate(delivery.state, delivery.message_id, page)

    def _take_back(self, number: int, found: Fate, at: datetime) -> bool:
        """Whether a message is to be changed now."""
        delivery = self._deliveries[number]
        for key, old in list(self._corrections.items()):
            if old.delivery_id == number and old.state in _OPEN:
                del self._corrections[key]
        if found.content is None:
            self._deliveries[number] = replace(delivery, state=DeliveryState.DROPPED)
            return False
        self._deliveries[number] = replace(delivery, content=found.content)
        if found.correction is None:
            return False
        key = next(self._correction_ids)
        content = found.content if found.content.text else None
        self._corrections[key] = MemoryCorrection(
            key, delivery.channel_id, number, content, found.correction, at
        )
        return found.correction == CorrectionState.QUEUED.value

    def _place_of(self, number: int) -> Place:
        channel = self._channels[self._deliveries[number].channel_id]
        return Place(number, channel.chat, channel.private)

    def _announce(self, taking: Taking) -> None:
        """As :func:`storage.withdrawals.announce`."""
        names = self._told_names(taking.subjects)
        told = latest_times(self._by_pages(names))
        old = latest_times(self._by_old_pages(names))
        told = {pair: at for pair, at in old.items() if pair not in self._withdrawn} | told
        self._withdrawals = {
            key: one
            for key, one in self._withdrawals.items()
            if (one.channel_id, one.subject) not in told
        }
        for (channel, subject), told_at in sorted(told.items()):
            key = next(self._withdrawal_ids)
            self._withdrawals[key] = Withdrawal(
                key, channel, subject, taking.at, told_at, taking.what, taking.note
            )

    def _by_pages(self, names: Mapping[str, str]) -> Iterator[tuple[int, str, datetime]]:
        for delivery in self._deliveries.values():
            if delivery.state in OUT:
                for name in names.keys() & set(mentions(delivery.content)):
                    built = self._built[delivery.digest_id]
                    yield delivery.channel_id, names[name], built

    def _by_old_pages(self, names: Mapping[str, str]) -> Iterator[tuple[int, str, datetime]]:
        for (channel, subject), told in self._told.items():
            pages = [d for d in self._deliveries.values() if d.digest_id == told.digest]
            silent = not any(page.content.placed for page in pages)
            seen = any(page.state in OUT and page.content.text for page in pages)
            if subject in names and silent and seen and not self._channels[channel].private:
                yield channel, names[subject], self._built[told.digest]

    @synchronised
    def withdrawals(self, channel_id: int) -> tuple[Withdrawal, ...]:
        """See :class:`watchers.correcting.CorrectionPort`."""
        found = self._withdrawals.values()
        return tuple(one for one in found if one.channel_id == channel_id)

    # ------------------------------------------------------------ attempts

    @synchronised
    def due_corrections(self, now: datetime, limit: int) -> tuple[Correction, ...]:
        """See :class:`watchers.correcting.CorrectionPort`; whatever is paused or stopped."""
        firsts: dict[int, MemoryCorrection] = {}
        if self._values.get(HELD):
            return ()
        for one in self._corrections.values():
            rests = self._channels[one.channel_id].not_before
            queued = one.state == CorrectionState.QUEUED.value
            if queued and _has_come(one.not_before, now) and _has_come(rests, now):
                firsts.setdefault(one.channel_id, one)
        due = sorted(
            firsts.values(), key=lambda one: (self._channels[one.channel_id].private, one.id)
        )
        return tuple(self._correction(one) for one in due[: max(0, limit)])

    def _correction(self, one: MemoryCorrection) -> Correction:
        return Correction(
            id=one.id,
            channel_id=one.channel_id,
            chat=self._channels[one.channel_id].chat,
            message_id=self._deliveries[one.delivery_id].message_id or 0,
            content=one.content,
            state=CorrectionState(one.state),
            attempts=one.attempts,
            not_before=one.not_before,
            error=one.error,
        )

    @synchronised
    def record_correction(self, correction_id: int, result: SendResult, *, at: datetime) -> None:
        """See :class:`watchers.correcting.CorrectionPort`; nothing for one that was replaced."""
        kept = self._corrections.get(correction_id)
        if kept is None or kept.state != CorrectionState.QUEUED.value:
            return
        correction = self._correction(kept)
        if result.outcome is SendOutcome.MIGRATED:
            result = self._follow_chat(correction, result, at)
        elif result.outcome is SendOutcome.RETRY:
            self._rest(kept.channel_id, at + timedelta(seconds=result.wait))
        values = attempt(correction, result, at)
        self._corrections[kept.id] = replace(kept, **values)  # type: ignore[arg-type]
        if values["state"] == CorrectionState.FAILED.value:
            private = self._channels[kept.channel_id].private
            told = failed_notice(correction, result.detail, taken_at=kept.at, private=private)
            self._tell(told, at)

    def _rest(self, channel_id: int, until: datetime) -> None:
        channel = self._channels[channel_id]
        if channel.not_before is None or channel.not_before < until:
            self._channels[channel_id] = replace(channel, not_before=until)

    def _follow_chat(self, correction: Correction, result: SendResult, at: datetime) -> SendResult:
        chat = result.new_chat
        own = self._channels[correction.channel_id]
        others = {other.chat for other in self._channels.values() if other.id != own.id}
        if not chat or chat in others:
            return SendResult(SendOutcome.FAILED, lost(result, private=own.private))
        if chat != own.chat:
            self._channels[own.id] = replace(own, chat=chat)
            if not own.private:
                self._note(at, "system", "channel.migrate", own.chat, chat)
        return result


def _has_come(not_before: datetime | None, now: datetime) -> bool:
    return not_before is None or not_before <= now
