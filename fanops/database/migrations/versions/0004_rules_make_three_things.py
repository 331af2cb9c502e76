"""A brand's own rules; the runs of rules, and for whom each run made a card, an invitation or a tag"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEMPLATES = "('welcome_back', 'wake_up', 'recovery', 'new_product', 'promise')"


def upgrade() -> None:
    op.create_table('own_rule',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('brand_id', _ID, nullable=False),
    sa.Column('segment_id', _ID, nullable=True),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
    sa.Column('deed', sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
    sa.Column('account_id', _ID, nullable=True),
    sa.Column('created_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('removed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_own_rule_account_id_account')),
    sa.ForeignKeyConstraint(['brand_id'], ['brand.id'], name=op.f('fk_own_rule_brand_id_brand')),
    sa.ForeignKeyConstraint(['segment_id'], ['segment.id'], name=op.f('fk_own_rule_segment_id_segment')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_own_rule'))
    )
    for column in ('account_id', 'brand_id', 'segment_id'):
        op.create_index(op.f(f'ix_own_rule_{column}'), 'own_rule', [column], unique=False)
    op.create_table('rule_run',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('brand_id', _ID, nullable=False),
    sa.Column('rule_code', sqlmodel.sql.sqltypes.AutoString(length=30), nullable=False),
    sa.Column('outcome', sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
    sa.Column('account_id', _ID, nullable=True),
    sa.Column('ran_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_rule_run_account_id_account')),
    sa.ForeignKeyConstraint(['brand_id'], ['brand.id'], name=op.f('fk_rule_run_brand_id_brand')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_run'))
    )
    for column in ('account_id', 'brand_id'):
        op.create_index(op.f(f'ix_rule_run_{column}'), 'rule_run', [column], unique=False)
    op.create_table('rule_deed',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('run_id', _ID, nullable=False),
    sa.Column('fan_id', _ID, nullable=False),
    sa.Column('service_card_id', _ID, nullable=True),
    sa.Column('invitation_id', _ID, nullable=True),
    sa.Column('contact_id', _ID, nullable=True),
    sa.Column('fan_tag_id', _ID, nullable=True),
    sa.Column('undone_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_rule_deed_contact_id_contact'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['fan_id'], ['fan.id'], name=op.f('fk_rule_deed_fan_id_fan'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['fan_tag_id'], ['fan_tag.id'], name=op.f('fk_rule_deed_fan_tag_id_fan_tag'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_rule_deed_invitation_id_invitation'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['run_id'], ['rule_run.id'], name=op.f('fk_rule_deed_run_id_rule_run'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['service_card_id'], ['service_card.id'], name=op.f('fk_rule_deed_service_card_id_service_card'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_deed'))
    )
    for column in ('contact_id', 'fan_id', 'fan_tag_id', 'invitation_id', 'run_id', 'service_card_id'):
        op.create_index(op.f(f'ix_rule_deed_{column}'), 'rule_deed', [column], unique=False)
    # Cards that rules made before keep their run, so that they can be taken back and are not made twice.
    op.execute(
        "INSERT INTO rule_run (brand_id, rule_code, outcome, ran_at) "
        "SELECT DISTINCT f.brand_id, c.rule_code, 'card', c.created_at FROM service_card c JOIN fan f ON f.id = c.fan_id "
        f"WHERE c.rule_code IN {_TEMPLATES} ORDER BY c.created_at"
    )
    op.execute(
        "INSERT INTO rule_deed (run_id, fan_id, service_card_id) "
        "SELECT r.id, c.fan_id, c.id FROM service_card c JOIN fan f ON f.id = c.fan_id JOIN rule_run r "
        "ON r.brand_id = f.brand_id AND r.rule_code = c.rule_code AND r.ran_at = c.created_at"
    )


def downgrade() -> None:
    for name in ("rule_deed", "rule_run", "own_rule"):
        op.drop_table(name)
