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

/** Whose the clients are can't be known. */
export type OwnerUnknownReason = "AddressesHidden" | "AddressesShared";

/** Why any condition may be Unknown. */
export type UnknownReason =
  | UnavailableReason
  | "ProcessesUnseen"
  | "BudgetNotFound"
  | OwnerUnknownReason;

/** A reason that a check of this condition gives. */
export type ReasonOf<Type extends ConditionType> = Reasons[Type] | UnknownReason;

/** Ready has the reason of the condition that decides it. */
export type Reason = ReasonOf<ConditionType>;
