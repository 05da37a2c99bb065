import type { UnavailableReason } from "../model/observation.ts";

/** The reasons of each condition, but those for which any condition may be Unknown. */
export interface Reasons {
  readonly Feasible:
    | "Fits"
    | "InsufficientBudget"
    | "TooManyLines"
    | "PostgresOvercommitted"
    | "ObjectsConflict";
  readonly WithinBudget:
    | "Within"
    | "ClientsExceedBudget"
    | "SlotsExceedBudget"
    | "BackendsExceedBudget";
  readonly ConfigApplied: "Applied" | "TooOld" | "MoreProcesses" | "Differs" | "PartlyApplied";
  readonly PostgresGuarded:
    | "Guarded"
    | "RoleMissing"
    | "Superuser"
    | "OtherRoles"
    | "MaxConnectionsSmaller"
    | "NoConnectionLimit"
    | "ConnectionLimitTooHigh"
    | "ConnectionLimitZero"
    | "NoConnectionCheck"
    | "NoKeepalives";
  readonly Admitted:
    | "FloorReserved"
    | "Disabled"
    | "InsufficientBudget"
    | "TooManyLines"
    | "BudgetNotFound";
  readonly WithinGrant: "Within" | "ClientsExceedGrant" | "PodsExceedPeak" | "WorkloadExceedsPlan";
  readonly PoolSettingIgnored:
    | "Followed"
    | "MoreThanConfigured"
    | "ConfiguredOtherwise"
    | "WorkloadNotFound"
    | "NoPoolSetting";
  readonly Verified: "HandshakeDone" | "HandshakeFailed";
}

export type ConditionType = keyof Reasons;

/** Why weir can't know which server clients belong to. */
export type OwnerUnknownReason = "AddressesHidden" | "AddressesShared";

/** Why a server or a budget has no plan. */
export type UnplannedReason = "NotUnderstood" | "SumsDisagree" | "BudgetNotFound";

/** Why any condition may be Unknown. */
export type UnknownReason =
  | UnavailableReason
  | "ProcessesUnseen"
  | UnplannedReason
  | OwnerUnknownReason;

/** A reason that a check of this condition gives. */
export type ReasonOf<Type extends ConditionType> = Reasons[Type] | UnknownReason;

/** Ready has the reason of the condition that decides it. */
export type Reason = ReasonOf<ConditionType>;

/** Reasons of Ready's own: all is well, or no condition that decides it is there yet. */
export type ReadyReason = "Ready" | "NotAskedYet";

/**
 * The conditions whose success is read from windows of PgBouncer processes, and those of their
 * failures that are: only a window that is long enough shows that such a failure is over.
 */
export const WINDOW_FAILURES: Readonly<Partial<Record<ConditionType, readonly Reason[]>>> = {
  WithinBudget: ["ClientsExceedBudget", "SlotsExceedBudget", "BackendsExceedBudget"],
  WithinGrant: ["ClientsExceedGrant"],
  PoolSettingIgnored: ["MoreThanConfigured"],
} satisfies { readonly [Type in ConditionType]?: readonly Reasons[Type][] };
