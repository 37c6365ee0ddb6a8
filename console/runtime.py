"""The kernel at work: opens plugins and clients, runs sources while somebody wants them, and closes in reverse order.

    Runtime.open -> plugins -> the platform's instances (contexts), the first is the current one -> other systems
    view / want  -> demand -> Poller (Watch, Poll) or join in the store -> Snapshot

Nothing connects before it is wanted. A plugin that fails is named in `broken` and takes nothing else down.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from msgspec import Struct

from console import gating
from console.beside import bound, with_columns
from console.clock import SYSTEM_CLOCK, Clock
from console.config import Settings
from console.demand import Demands, Want, end
from console.discovery import Broken, discover
from console.errors import ConfigError, ConsoleError, UsageError
from console.fence import Fence
from console.gate import Gate, Rules
from console.model import InstanceId
from console.performing import Outcome, perform
from console.plugin import Act, Action, Client, Deferred, Facts, Instance, Pane, Platform, Plugin, Reach, Source, Table
from console.searching import Searching
from console.spending import Spending
from console.store import Store, View
from console.trends import trended
from console.triage import Triage
from console.version import VERSION

R = TypeVar("R")


class _Opened(Struct):
    """One instance that is open: its plugin, sources and panes, and its client once it was needed."""

    plugin: Plugin
    instance: Instance
    sources: dict[Table[Any], Source]
    panes: list[Pane[Any]]
    spending: Spending
    client: Client | None = None


class Runtime:
    """See the module. `async with Runtime(settings) as runtime`, or `open` and `aclose`."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = SYSTEM_CLOCK,
        plugins: Sequence[Plugin | Broken] | None = None,
        connection: Mapping[str, Any] | None = None,
    ) -> None:
        """`connection`: what the command line says of the platform, on top of its table in the configuration."""
        self.settings = settings
        self.clock = clock
        self.fence = Fence()
        self.store = Store(clock, self.fence)
        self.plugins: dict[str, Plugin] = {}
        self.broken: list[Broken] = []
        self.contexts: Sequence[Instance] = ()
        self._given = plugins
        self.connection: Mapping[str, Any] = dict(connection or {})
        """What the command line said of the platform, to be handed on to a runner."""
        self._opened: dict[InstanceId, _Opened] = {}
        self._settings: dict[str, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._platform: InstanceId | None = None
        self.triage = Triage(self.store)
        self._judged: dict[InstanceId, list[Want]] = {}
        self._judging = False
        self._waiting: list[Plugin] = []
        self.searching = Searching(self.store, self._searches, ground=self.ground, enter=self._enter)
        self._gate: Gate | None = None
        self._attached: list[tuple[Plugin, Instance, Client]] = []
        self.demands = Demands(
            self.store, sources=lambda instance: self._opened[instance].sources, client=self.client, start=self._start
        )

    # -- life

    async def open(self) -> None:
        """Find the plugins and their instances. Raises ConfigError when the platform cannot be configured."""
        self._start(self.store.pump())
        found = self._given if self._given is not None else await asyncio.to_thread(discover)
        for plugin in found:
            if isinstance(plugin, Broken):
                self.broken.append(plugin)
            elif plugin.search is None or plugin.system in self.settings.plugins:
                await self._configure(plugin)
            else:  # nothing is known of it before it is looked for, and its import would delay the first paint
                self._waiting.append(plugin)
        platform = next((p for p in self.plugins.values() if p.offers is not None), None)
        missing = await self._ground_of(platform) if platform is not None else None
        await self._discover_others()
        if platform is not None and missing is not None:
            if not self._opened:
                raise missing
            self.broken.append(Broken(platform.system, str(missing)))  # what else is configured works without it
        unknown = set(self.settings.plugins) - set(self.plugins) - {broken.name for broken in self.broken}
        self.broken += [Broken(name, "it is configured, and there is no such plugin") for name in sorted(unknown)]

    async def _ground_of(self, platform: Plugin) -> ConfigError | None:
        """Enter the context that is meant; why there is none, where that cannot be told."""
        discovering = await asyncio.to_thread(platform.discover.load)
        try:
            self.contexts = await asyncio.to_thread(discovering, self._settings[platform.system])
        except ConfigError as error:
            return error
        if self.contexts:
            await self._enter(platform, self.contexts[0])
            self._platform = self.contexts[0].id
        return None

    async def _configure(self, plugin: Plugin) -> None:
        try:
            configure = await asyncio.to_thread(plugin.configure.load)
            table = dict(self.settings.plugins.get(plugin.system, {}))
            if plugin.offers is not None:
                table.setdefault("shared_namespace", self.settings.shared_namespace)
                table.update(self.connection)
            self._settings[plugin.system] = configure(table)
        except ConfigError:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            self.broken.append(Broken(plugin.system, f"{type(error).__name__}: {error}"))
        else:
            self.plugins[plugin.system] = plugin

    async def _discover_others(self) -> None:
        for plugin in [plugin for plugin in self.plugins.values() if plugin.offers is None]:
            try:
                discovering = await asyncio.to_thread(plugin.discover.load)
                for instance in discovering(self._settings[plugin.system]):
                    await self._enter(plugin, instance)
            except ConfigError:
                raise
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                self.broken.append(Broken(plugin.system, f"{type(error).__name__}: {error}"))

    async def _enter(self, plugin: Plugin, instance: Instance) -> None:
        if instance.id in self._opened:
            return
        sources = await asyncio.to_thread(plugin.sources.load)
        panes = await asyncio.to_thread(plugin.panes.load)
        facts = self.store.facts(instance.id)
        chosen = (bound(with_columns(pane, self.settings.columns.get(pane.name)), facts) for pane in panes)
        drawn = [trended(pane, self.store, facts) for pane in chosen]
        tables = {s.table: s for s in sources}
        self._opened[instance.id] = _Opened(plugin, instance, tables, drawn, Spending(self.clock))
        self.store.instances.append(instance.id)
        if self._judging:
            await self._judge(instance.id)
        self.store.announce()

    async def attach(self, plugin: Plugin, instance: Instance, client: Client) -> None:
        """Open an instance that was made elsewhere, with its client; it stays when the context is switched."""
        self._attached.append((plugin, instance, client))
        await self._enter(plugin, instance)
        self._opened[instance.id].client = client

    async def switch(self, context: str) -> InstanceId:
        """Leave the present context for another; all its panes and sources go. Raises UsageError for an unknown one."""
        chosen = next((instance for instance in self.contexts if instance.id.name == context), None)
        if chosen is None or self._platform is None:
            known = ", ".join(instance.id.name for instance in self.contexts)
            raise UsageError(f"there is no context `{context}`", next_step=f"known: {known}")
        plugin = self._opened[self._platform].plugin
        await self._close_gate()
        for instance in list(self._opened):
            await self._leave(instance)
        await self._enter(plugin, chosen)
        self._platform = chosen.id
        self.searching.forget()
        await self._discover_others()
        attached, self._attached = self._attached, []
        for made in attached:
            await self.attach(*made)
        return chosen.id

    async def _leave(self, instance: InstanceId) -> None:
        self.triage.forget(instance)
        self._judged.pop(instance, None)
        await self.demands.leave(instance)
        opened = self._opened.pop(instance)
        self.store.forget(instance)
        if opened.client is not None:
            with contextlib.suppress(ConsoleError, OSError):
                await opened.client.aclose()

    async def aclose(self) -> None:
        """Stop every task, then close the clients, the last opened first."""
        await self._close_gate()
        for instance in reversed(list(self._opened)):
            await self._leave(instance)
        await end(self._tasks)

    async def _close_gate(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None:
            await gate.aclose()

    async def __aenter__(self) -> Self:
        try:
            await self.open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # -- what there is

    @property
    def platform(self) -> InstanceId:
        """The current context. Raises UsageError where there is none."""
        if self._platform is None:
            raise UsageError("no cluster is open", next_step="give a kubeconfig, or try `pilothouse demo`")
        return self._platform

    @property
    def context(self) -> str:
        """The name of the current context, for people; empty where no cluster is open."""
        return self._platform.name if self._platform else ""

    @property
    def instances(self) -> list[Instance]:
        return [opened.instance for opened in self._opened.values()]

    def plugin(self, instance: InstanceId) -> Plugin:
        return self._opened[instance].plugin

    def spending(self, instance: InstanceId) -> Spending:
        """What we cost the instance's servers."""
        return self._opened[instance].spending if instance in self._opened else Spending(self.clock)

    def panes(self, instance: InstanceId) -> Sequence[Pane[Any]]:
        return self._opened[instance].panes

    def find_pane(self, word: str, of: str = "") -> tuple[InstanceId, Pane[Any]] | None:
        """A pane by name or alias, the platform's first; `of`, or `instance.pane`, names one of several instances."""
        for instance, opened in self._opened.items():
            if of and not instance.answers(of):
                continue
            for pane in opened.panes:
                prefix, named, _ = word.rpartition(f".{pane.name}")
                if word in {pane.name, *pane.aliases} or (named and instance.answers(prefix)):
                    return instance, pane
        return None

    async def look_up(self, word: str, of: str = "") -> tuple[InstanceId, Pane[Any]] | None:
        """`find_pane`, then in systems that are looked for first, then any kind that the plugins can find."""
        found = self.find_pane(word, of)
        if found is None:
            await self.searching.first()
            found = self.find_pane(word, of)
        if found is not None or of:
            return found
        for instance, opened in list(self._opened.items()):
            if opened.plugin.find is not None:
                made = await self._found(instance, opened, word)
                if made is not None:
                    source, pane = made
                    opened.sources[source.table] = source
                    opened.panes.append(pane)
                    return instance, pane
        return None

    async def _found(self, instance: InstanceId, opened: _Opened, word: str) -> tuple[Source, Pane[Any]] | None:
        assert opened.plugin.find is not None  # noqa: S101 - the caller looked
        try:
            find = await asyncio.to_thread(opened.plugin.find.load)
            return await find(await self.client(instance), word)
        except ConsoleError:
            raise
        except Exception as error:  # noqa: BLE001 - plugin code: named, and the other plugins are still asked
            self.fence.caught(f"{instance} find", error)
            return None

    def facts(self, instance: InstanceId) -> Facts:
        return self.store.facts(instance)

    async def client(self, instance: InstanceId) -> Client:
        """The instance's client; made when it is first needed. It connects by itself, later."""
        opened = self._opened[instance]
        if opened.client is None:
            connect = await asyncio.to_thread(opened.plugin.connect.load)
            ground = None if opened.plugin.offers is not None else await self.ground()
            if opened.client is None:  # another task may have been here meanwhile
                opened.client = connect(opened.instance, Reach(self.clock, VERSION, ground, opened.spending))
        return opened.client

    async def ground(self) -> Platform | None:
        """The platform as other systems see it; None where no cluster is open."""
        return await self.offer(lambda offers: offers.platform) if self._platform else None

    async def offer(self, pick: Callable[[Any], Deferred[Callable[[Any], R]]]) -> R:
        """One of the platform's offers, made with its client: `await runtime.offer(lambda o: o.journal)`."""
        offers = self._opened[self.platform].plugin.offers
        implementation = await asyncio.to_thread(pick(offers).load)
        return implementation(await self.client(self.platform))

    # -- acting

    async def gate(self) -> Gate:
        """The gate of the current context; every change goes through it."""
        if self._gate is None:
            context = self._platform
            offers = self._opened[context].plugin.offers if context else None
            rules = Rules(self.settings.read_only, self.settings.is_production(context.name) if context else False)
            client = await self.client(context) if context else None
            self._gate = await gating.made(rules, self.clock, offers=offers, client=client, offer=self.offer)
        return self._gate

    @property
    def lacking(self) -> frozenset[Any]:
        """Rights (`plugin.Right`) that the gate found missing; none while nothing was asked of it."""
        return frozenset() if self._gate is None else self._gate.lacking

    async def perform(  # noqa: PLR0913, PLR0917 - what is done, to what, and under whose consent
        self,
        instance: InstanceId,
        pane: Pane[Any],
        action: Action[Any],
        rows: Sequence[Any],
        answers: Mapping[str, str],
        typed: str = "",
    ) -> list[Outcome]:
        """Do an action to rows, through the gate; `typed` as in `performing.perform`."""
        act = Act(await self.client(instance), self.facts(instance), answers)
        return await perform(await self.gate(), self.fence, act, pane, action, rows, typed=typed)

    # -- demand

    def view(self, instance: InstanceId, table: Table[R]) -> View[R]:
        """Rows to look at; the source runs, at its visible cadence, until the view is closed."""
        return View(self.store, instance, table, self.demands.want(instance, table, visible=True).close)

    def want(self, instance: InstanceId, table: Table[Any]) -> Want:
        """Keep a source running in the background until the want is closed."""
        return self.demands.want(instance, table)

    async def judge(self) -> None:
        """Keep findings of every open instance from now on (`triage.findings`); what the rules read is wanted."""
        if not self._judging:
            self._judging = True
            self._start(self.triage.run())
        for instance in list(self._opened):
            await self._judge(instance)

    async def _judge(self, instance: InstanceId) -> None:
        reference = self._opened[instance].plugin.rules
        if reference is not None and instance not in self._judged:
            self._judged[instance] = []
            rules = await asyncio.to_thread(reference.load)
            self._judged[instance] = [self.want(instance, table) for table in {rule.reads for rule in rules}]
            self.triage.watch(instance, rules)

    async def _searches(self) -> list[tuple[Plugin, Any]]:
        """The plugins that look for instances, each with its settings."""
        while self._waiting:
            await self._configure(self._waiting.pop(0))
        return [(one, self._settings[one.system]) for one in self.plugins.values() if one.search is not None]

    def search(self) -> None:
        """Look for systems on the platform from now on, soon and then every minute (`searching`)."""
        self._start(self.searching.run())

    def wake(self, instance: InstanceId) -> None:
        """Try every source of an instance again now (reload key)."""
        self.demands.wake(instance)

    async def ready(self, instance: InstanceId, tables: Iterable[Table[Any]], within: float = 30.0) -> list[str]:
        """Wait until each wanted table was listed once, or failed; the failures in words."""
        return await self.store.ready(instance, tables, within)

    async def changed(self) -> None:
        """Return after the next publication of the store."""
        await self.store.changed()

    def _start(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
