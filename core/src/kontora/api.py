"""What plugins import from core: this module, and the markers in `kontora.hookspecs`.

Everything else in `kontora` may change without notice. A test pins the names below; they change
by the compatibility policy only.
"""

from kontora.access.guard import OPEN, Guard, Via, child, record
from kontora.access.models import Branch, Team, User
from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.clock import now, today
from kontora.db.base import Base
from kontora.db.types import ExactDecimal, JSONType, SortText, UTCDateTime, UUIDType
from kontora.errors import Conflict, Forbidden, Invalid, KontoraError, NotFound, Stale
from kontora.hookspecs import hookimpl
from kontora.http.context import db, principal
from kontora.http.policy import PUBLIC, RECORDS, SIGNED_IN, Policy, needs, policy
from kontora.ids import new_id
from kontora.parties.activities import Activity
from kontora.parties.fields import BRANCH as BRANCH_FIELD
from kontora.parties.fields import OWNER as OWNER_FIELD
from kontora.parties.models import Organisation, Party, Person
from kontora.plugins.manifest import Manifest
from kontora.records import notices
from kontora.records import service as records
from kontora.records.columns import RecordColumns
from kontora.records.query import Query
from kontora.registry.faces import (
    Action,
    Chart,
    Check,
    GrantTemplate,
    MenuItem,
    NoticeKind,
    Outcome,
    Panel,
    Permission,
    Report,
    ReportColumn,
    ReportRow,
    Setting,
    ViewKind,
    Widget,
)
from kontora.registry.fields import Choice, Collection, Field, FieldType
from kontora.registry.records import Change, Draft, RecordType
from kontora.registry.work import Event, JobContext, JobSpec, Subscriber
from kontora.text import LazyText, plural, translator

__all__ = [
    "BRANCH_FIELD",
    "OPEN",
    "OWNER_FIELD",
    "PUBLIC",
    "RECORDS",
    "SIGNED_IN",
    "Action",
    "Activity",
    "Base",
    "Branch",
    "Change",
    "Chart",
    "Check",
    "Choice",
    "Collection",
    "Conflict",
    "Draft",
    "Event",
    "ExactDecimal",
    "Field",
    "FieldType",
    "Forbidden",
    "GrantTemplate",
    "Guard",
    "Invalid",
    "JSONType",
    "JobContext",
    "JobSpec",
    "KontoraError",
    "LazyText",
    "Manifest",
    "MenuItem",
    "NotFound",
    "NoticeKind",
    "Organisation",
    "Outcome",
    "Panel",
    "Party",
    "Permission",
    "Person",
    "Policy",
    "Principal",
    "Query",
    "RecordColumns",
    "RecordType",
    "Report",
    "ReportColumn",
    "ReportRow",
    "ScopedSession",
    "Setting",
    "SortText",
    "Stale",
    "Subscriber",
    "Team",
    "UTCDateTime",
    "UUIDType",
    "User",
    "Via",
    "ViewKind",
    "Widget",
    "child",
    "db",
    "hookimpl",
    "needs",
    "new_id",
    "notices",
    "now",
    "plural",
    "policy",
    "principal",
    "record",
    "records",
    "today",
    "translator",
]
