"""The brand's dictionary and settings; activity, segments and rules of fans"""

import hashlib
import re
import unicodedata

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


_MARKS = re.compile(r"[\W_]+")


def _copy_key(text: str) -> int | None:
    """As at this release; a migration keeps its own, so that it always does the same."""
    bare = _MARKS.sub("", unicodedata.normalize("NFKC", text)).lower()
    if len(bare) < 12:
        return None
    return int.from_bytes(hashlib.blake2b(bare.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)


def _fill_copy_keys(connection: sa.Connection) -> None:
    voice = sa.table("voice", sa.column("id", _ID), sa.column("text", sa.String()), sa.column("copy_key", sa.BigInteger()))
    last = 0
    while rows := connection.execute(
        sa.select(voice.c.id, voice.c.text).where(voice.c.id > last).order_by(voice.c.id).limit(5_000)
    ).all():
        last = rows[-1][0]
        keys = [{"row": row_id, "key": key} for row_id, text in rows if (key := _copy_key(text)) is not None]
        if keys:
            connection.execute(
                sa.update(voice).where(voice.c.id == sa.bindparam("row")).values(copy_key=sa.bindparam("key")), keys
            )


def upgrade() -> None:
    op.create_table(
        "dictionary_word",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("brand_id", _ID, nullable=False),
        sa.Column("word", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=False),
        sa.Column("canonical", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=False),
        sa.Column("is_competitor", sa.Boolean(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("account_id", _ID, nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_dictionary_word_account_id_account")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_dictionary_word_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dictionary_word")),
        sa.UniqueConstraint("brand_id", "word", name=op.f("uq_dictionary_word_brand_id_word")),
    )
    with op.batch_alter_table("dictionary_word", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dictionary_word_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_dictionary_word_brand_id"), ["brand_id"], unique=False)
    op.create_table(
        "fan_activity",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("fan_id", _ID, nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("frequency", "quality", "breadth", "duration", "score")),
        sa.ForeignKeyConstraint(["fan_id"], ["fan.id"], name=op.f("fk_fan_activity_fan_id_fan"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fan_activity")),
        sa.UniqueConstraint("fan_id", "measured_on", name=op.f("uq_fan_activity_fan_id_measured_on")),
    )
    op.create_table(
        "segment",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("brand_id", _ID, nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("account_id", _ID, nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_segment_account_id_account")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_segment_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("brand_id", "name", name=op.f("uq_segment_brand_id_name")),
    )
    with op.batch_alter_table("segment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_segment_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_segment_brand_id"), ["brand_id"], unique=False)
    op.add_column("service_card", sa.Column("rule_code", sa.String(length=30), nullable=False, server_default=""))
    op.add_column("voice", sa.Column("copy_key", sa.BigInteger(), nullable=True))
    op.create_index("ix_voice_brand_copy", "voice", ["brand_id", "copy_key"])
    _fill_copy_keys(op.get_bind())
    # Every brand there already chose nothing yet. Adding a column needs no copy of the table, so foreign keys are left alone.
    op.add_column("brand", sa.Column("settings", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_index("ix_voice_brand_copy", table_name="voice")
    op.drop_column("voice", "copy_key")
    op.drop_column("brand", "settings")
    op.drop_column("service_card", "rule_code")
    op.drop_table("segment")
    op.drop_table("fan_activity")
    with op.batch_alter_table("dictionary_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dictionary_word_brand_id"))
        batch_op.drop_index(batch_op.f("ix_dictionary_word_account_id"))
    op.drop_table("dictionary_word")
