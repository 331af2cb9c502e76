"""Every table of fanops, on one registry of our own (the shared SQLModel registry breaks on hot reload)."""

from fanops.tables.access import Account, SignInFailure, SignInSession
from fanops.tables.actions import (
    BacklogItem,
    Evidence,
    Fix,
    FixStore,
    Rollout,
    Telling,
    Transition,
    Trial,
)
from fanops.tables.audit import AuditEntry, Revision
from fanops.tables.base import Row, metadata, now
from fanops.tables.effect import Baseline, Measurement
from fanops.tables.fans import (
    Consent,
    Contact,
    Fan,
    FanActivity,
    FanIdentity,
    FanMerge,
    FanTag,
    Order,
    OrderItem,
    Product,
    ProductAlias,
    Segment,
    ServiceCard,
    Tag,
    TagRejection,
)
from fanops.tables.findings import Finding
from fanops.tables.imports import ImportBatch, ImportChange, ImportMapping
from fanops.tables.interviews import Code, Coding, Interview, Turn
from fanops.tables.jobs import Job, Worker
from fanops.tables.org import Brand, Region, Staff, Store
from fanops.tables.surveys import Answer, Invitation, Question, Response, Survey, SurveyVersion, Wave
from fanops.tables.themes import DictionaryWord, Theme, ThemeAssignment, ThemeEvent, ThemeLineage, ThemeRun
from fanops.tables.voices import Unit, Voice

__all__ = [
    "Account",
    "Answer",
    "AuditEntry",
    "BacklogItem",
    "Baseline",
    "Brand",
    "Code",
    "Coding",
    "Consent",
    "Contact",
    "DictionaryWord",
    "Evidence",
    "Fan",
    "FanActivity",
    "FanIdentity",
    "FanMerge",
    "FanTag",
    "Finding",
    "Fix",
    "FixStore",
    "ImportBatch",
    "ImportChange",
    "ImportMapping",
    "Interview",
    "Invitation",
    "Job",
    "Measurement",
    "Order",
    "OrderItem",
    "Product",
    "ProductAlias",
    "Question",
    "Region",
    "Response",
    "Revision",
    "Rollout",
    "Row",
    "Segment",
    "ServiceCard",
    "SignInFailure",
    "SignInSession",
    "Staff",
    "Store",
    "Survey",
    "SurveyVersion",
    "Tag",
    "TagRejection",
    "Telling",
    "Theme",
    "ThemeAssignment",
    "ThemeEvent",
    "ThemeLineage",
    "ThemeRun",
    "Transition",
    "Trial",
    "Turn",
    "Unit",
    "Voice",
    "Wave",
    "Worker",
    "metadata",
    "now",
]
