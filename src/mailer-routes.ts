import type { Emitter, MailerEvents } from "./events.ts";
import { ProviderMonitor } from "./health/provider-monitor.ts";
import { ProviderLimits } from "./limits/provider-limits.ts";
import { DrillMarks } from "./operations/drill-marks.ts";
import { rehearsable } from "./operations/rehearsable.ts";
import { Rehearsal } from "./operations/rehearsal.ts";
import { ProviderEvents } from "./provider-events.ts";
import { ProvingShare } from "./routing/proving-share.ts";
import type { ResolvedRoute, RouteGroup } from "./routing/resolved-route.ts";
import { SmoothWeightedRoundRobin } from "./routing/smooth-weighted-round-robin.ts";
import type { MailerSettings, RouteSettings } from "./settings.ts";

/** A route, and the drills of its provider. */
export interface MailerRoute<N extends string> extends ResolvedRoute<N> {
  readonly rehearsal: Rehearsal;
}

/** The routes of a mailer in their groups, each with the health and the limits of its provider. */
export class MailerRoutes<N extends string> {
  readonly groups: readonly RouteGroup<N>[];
  /** In their order of priority. */
  readonly all: readonly MailerRoute<N>[];

  constructor(settings: MailerSettings<N>, events: Emitter<MailerEvents<N>>) {
    const monitors: ProviderMonitor<N>[] = [];
    const told = new ProviderEvents(events, monitors);
    const groups = settings.groups.map((group) => group.map((route) => resolve(route, events, told)));
    this.groups = groups.map((routes) => ({ routes, balancer: new SmoothWeightedRoundRobin() }));
    this.all = groups.flat();
    monitors.push(...this.all.map((route) => route.monitor));
  }

  /** @throws RangeError for the name of no provider */
  named(provider: N): MailerRoute<N> {
    const route = this.all.find(({ name }) => name === provider);
    if (route) return route;
    throw new RangeError(
      `There is no provider "${provider}"; there are ${this.all.map(({ name }) => name).join(", ")}`,
    );
  }
}

function resolve<N extends string>(
  { provider, weight, limits, prove, labels, sender, timeout, breaker }: RouteSettings<N>,
  events: Emitter<MailerEvents<N>>,
  told: ProviderEvents<N>,
): MailerRoute<N> {
  const { name } = provider;
  const rehearsal = new Rehearsal({
    started: (drill) => events.emit("drill:started", { provider: name, ...drill, severity: "info" }),
    over: (drill) => events.emit("drill:over", { provider: name, ...drill, severity: "info" }),
  });
  const marks = new DrillMarks();
  const monitor = new ProviderMonitor(name, breaker, (change) => {
    told.tell(marks.mark(change));
    route.limits.reconsider();
  });
  const route: MailerRoute<N> = {
    name,
    provider: rehearsable(provider, rehearsal),
    rehearsal,
    weight,
    prove: new ProvingShare(prove),
    labels,
    sender,
    timeout,
    monitor,
    limits: new ProviderLimits(limits, () => monitor.availability),
  };
  return route;
}
