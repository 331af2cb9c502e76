"""The brand's dictionary and settings; activity, segments and rules of fans"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


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
    # Every brand there already chose nothing yet. Adding a column needs no copy of the table, so foreign keys are left alone.
    op.add_column("brand", sa.Column("settings", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("brand", "settings")
    op.drop_column("service_card", "rule_code")
    op.drop_table("segment")
    op.drop_table("fan_activity")
    with op.batch_alter_table("dictionary_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dictionary_word_brand_id"))
        batch_op.drop_index(batch_op.f("ix_dictionary_word_account_id"))
    op.drop_table("dictionary_word")
