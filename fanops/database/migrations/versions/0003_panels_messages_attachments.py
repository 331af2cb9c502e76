"""Panels, quotas, attachments, messages that leave the house, likely matches, referrals and changes of lifecycle"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table('panel',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('brand_id', _ID, nullable=False),
    sa.Column('title', sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
    sa.Column('account_id', _ID, nullable=True),
    sa.Column('created_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_panel_account_id_account')),
    sa.ForeignKeyConstraint(['brand_id'], ['brand.id'], name=op.f('fk_panel_brand_id_brand')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panel')),
    sa.UniqueConstraint('brand_id', 'title', name=op.f('uq_panel_brand_id_title'))
    )
    op.create_index(op.f('ix_panel_account_id'), 'panel', ['account_id'], unique=False)
    op.create_index(op.f('ix_panel_brand_id'), 'panel', ['brand_id'], unique=False)
    op.create_table('webhook',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('brand_id', _ID, nullable=False),
    sa.Column('store_id', _ID, nullable=True),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
    sa.Column('address_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('address_masked', sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
    sa.Column('secret_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('events', sa.JSON(), nullable=False),
    sa.Column('account_id', _ID, nullable=True),
    sa.Column('created_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('paused_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_webhook_account_id_account')),
    sa.ForeignKeyConstraint(['brand_id'], ['brand.id'], name=op.f('fk_webhook_brand_id_brand')),
    sa.ForeignKeyConstraint(['store_id'], ['store.id'], name=op.f('fk_webhook_store_id_store')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook'))
    )
    op.create_index(op.f('ix_webhook_account_id'), 'webhook', ['account_id'], unique=False)
    op.create_index(op.f('ix_webhook_brand_id'), 'webhook', ['brand_id'], unique=False)
    op.create_index(op.f('ix_webhook_store_id'), 'webhook', ['store_id'], unique=False)
    op.create_table('lifecycle_change',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('fan_id', _ID, nullable=False),
    sa.Column('from_stage', sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
    sa.Column('to_stage', sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
    sa.Column('changed_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['fan_id'], ['fan.id'], name=op.f('fk_lifecycle_change_fan_id_fan'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lifecycle_change')),
    sa.UniqueConstraint('fan_id', 'changed_on', name=op.f('uq_lifecycle_change_fan_id_changed_on'))
    )
    op.create_table('likely_match',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('brand_id', _ID, nullable=False),
    sa.Column('fan_id', _ID, nullable=False),
    sa.Column('other_fan_id', _ID, nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
    sa.Column('account_id', _ID, nullable=True),
    sa.Column('found_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('decided_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_likely_match_account_id_account')),
    sa.ForeignKeyConstraint(['brand_id'], ['brand.id'], name=op.f('fk_likely_match_brand_id_brand')),
    sa.ForeignKeyConstraint(['fan_id'], ['fan.id'], name=op.f('fk_likely_match_fan_id_fan'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['other_fan_id'], ['fan.id'], name=op.f('fk_likely_match_other_fan_id_fan'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_likely_match')),
    sa.UniqueConstraint('fan_id', 'other_fan_id', name=op.f('uq_likely_match_fan_id_other_fan_id'))
    )
    op.create_index(op.f('ix_likely_match_account_id'), 'likely_match', ['account_id'], unique=False)
    op.create_index(op.f('ix_likely_match_brand_id'), 'likely_match', ['brand_id'], unique=False)
    op.create_index(op.f('ix_likely_match_fan_id'), 'likely_match', ['fan_id'], unique=False)
    op.create_index(op.f('ix_likely_match_other_fan_id'), 'likely_match', ['other_fan_id'], unique=False)
    op.create_table('message',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('brand_id', _ID, nullable=False),
    sa.Column('webhook_id', _ID, nullable=True),
    sa.Column('fan_id', _ID, nullable=True),
    sa.Column('channel', sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
    sa.Column('event', sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
    sa.Column('subject', sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('to_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('message_key', sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
    sa.Column('attempts', sa.JSON(), nullable=False),
    sa.Column('next_try_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('created_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('sent_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['brand_id'], ['brand.id'], name=op.f('fk_message_brand_id_brand')),
    sa.ForeignKeyConstraint(['fan_id'], ['fan.id'], name=op.f('fk_message_fan_id_fan'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['webhook_id'], ['webhook.id'], name=op.f('fk_message_webhook_id_webhook'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message')),
    sa.UniqueConstraint('message_key', name=op.f('uq_message_message_key'))
    )
    op.create_index(op.f('ix_message_brand_id'), 'message', ['brand_id'], unique=False)
    op.create_index(op.f('ix_message_fan_id'), 'message', ['fan_id'], unique=False)
    op.create_index(op.f('ix_message_next_try_at'), 'message', ['next_try_at'], unique=False)
    op.create_index(op.f('ix_message_webhook_id'), 'message', ['webhook_id'], unique=False)
    op.create_table('panel_fan',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('panel_id', _ID, nullable=False),
    sa.Column('fan_id', _ID, nullable=False),
    sa.Column('joined_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('left_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
    sa.ForeignKeyConstraint(['fan_id'], ['fan.id'], name=op.f('fk_panel_fan_fan_id_fan'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['panel_id'], ['panel.id'], name=op.f('fk_panel_fan_panel_id_panel'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panel_fan')),
    sa.UniqueConstraint('panel_id', 'fan_id', name=op.f('uq_panel_fan_panel_id_fan_id'))
    )
    op.create_index(op.f('ix_panel_fan_fan_id'), 'panel_fan', ['fan_id'], unique=False)
    op.create_index(op.f('ix_panel_fan_panel_id'), 'panel_fan', ['panel_id'], unique=False)
    op.create_table('panel_wave',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('panel_id', _ID, nullable=False),
    sa.Column('wave_id', _ID, nullable=False),
    sa.ForeignKeyConstraint(['panel_id'], ['panel.id'], name=op.f('fk_panel_wave_panel_id_panel'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_panel_wave_wave_id_wave'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panel_wave'))
    )
    op.create_index(op.f('ix_panel_wave_panel_id'), 'panel_wave', ['panel_id'], unique=False)
    op.create_index(op.f('ix_panel_wave_wave_id'), 'panel_wave', ['wave_id'], unique=True)
    op.create_table('quota',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('wave_id', _ID, nullable=False),
    sa.Column('store_id', _ID, nullable=True),
    sa.Column('staff_id', _ID, nullable=True),
    sa.Column('wanted', sa.Integer(), nullable=False),
    sa.CheckConstraint('(store_id IS NULL) <> (staff_id IS NULL)', name=op.f('ck_quota_one_of_two')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_quota_staff_id_staff')),
    sa.ForeignKeyConstraint(['store_id'], ['store.id'], name=op.f('fk_quota_store_id_store')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_quota_wave_id_wave'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quota')),
    sa.UniqueConstraint('wave_id', 'staff_id', name=op.f('uq_quota_wave_id_staff_id')),
    sa.UniqueConstraint('wave_id', 'store_id', name=op.f('uq_quota_wave_id_store_id'))
    )
    op.create_index(op.f('ix_quota_staff_id'), 'quota', ['staff_id'], unique=False)
    op.create_index(op.f('ix_quota_store_id'), 'quota', ['store_id'], unique=False)
    op.create_index(op.f('ix_quota_wave_id'), 'quota', ['wave_id'], unique=False)
    op.create_table('referral',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('fan_id', _ID, nullable=False),
    sa.Column('referrer_fan_id', _ID, nullable=False),
    sa.Column('account_id', _ID, nullable=True),
    sa.Column('note', sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
    sa.Column('referred_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_referral_account_id_account')),
    sa.ForeignKeyConstraint(['fan_id'], ['fan.id'], name=op.f('fk_referral_fan_id_fan'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['referrer_fan_id'], ['fan.id'], name=op.f('fk_referral_referrer_fan_id_fan'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral'))
    )
    op.create_index(op.f('ix_referral_account_id'), 'referral', ['account_id'], unique=False)
    op.create_index(op.f('ix_referral_fan_id'), 'referral', ['fan_id'], unique=True)
    op.create_index(op.f('ix_referral_referrer_fan_id'), 'referral', ['referrer_fan_id'], unique=False)
    op.create_table('attachment',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('brand_id', _ID, nullable=False),
    sa.Column('store_id', _ID, nullable=True),
    sa.Column('fix_store_id', _ID, nullable=True),
    sa.Column('interview_id', _ID, nullable=True),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
    sa.Column('media_type', sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('sha256', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
    sa.Column('account_id', _ID, nullable=True),
    sa.Column('added_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('removed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.CheckConstraint('(fix_store_id IS NULL) <> (interview_id IS NULL)', name=op.f('ck_attachment_one_owner')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_attachment_account_id_account')),
    sa.ForeignKeyConstraint(['brand_id'], ['brand.id'], name=op.f('fk_attachment_brand_id_brand')),
    sa.ForeignKeyConstraint(['fix_store_id'], ['fix_store.id'], name=op.f('fk_attachment_fix_store_id_fix_store'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['interview_id'], ['interview.id'], name=op.f('fk_attachment_interview_id_interview'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['store_id'], ['store.id'], name=op.f('fk_attachment_store_id_store')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment'))
    )
    op.create_index(op.f('ix_attachment_account_id'), 'attachment', ['account_id'], unique=False)
    op.create_index(op.f('ix_attachment_brand_id'), 'attachment', ['brand_id'], unique=False)
    op.create_index(op.f('ix_attachment_fix_store_id'), 'attachment', ['fix_store_id'], unique=False)
    op.create_index(op.f('ix_attachment_interview_id'), 'attachment', ['interview_id'], unique=False)
    op.create_index(op.f('ix_attachment_sha256'), 'attachment', ['sha256'], unique=False)
    op.create_index(op.f('ix_attachment_store_id'), 'attachment', ['store_id'], unique=False)
    op.add_column('fan_tag', sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False, server_default=''))
    op.add_column('fix', sa.Column('checklist', sa.JSON(), nullable=False, server_default='[]'))
    op.add_column('fix_store', sa.Column('ticks', sa.JSON(), nullable=False, server_default='{}'))
    op.add_column('service_card', sa.Column('why_not', sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False, server_default=''))
    op.execute("UPDATE service_card SET why_not = reason, reason = '' WHERE state = 'not_done'")
    op.add_column('trial', sa.Column('channel', sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False, server_default='task'))


def downgrade() -> None:
    op.drop_column('trial', 'channel')
    op.drop_column('service_card', 'why_not')
    op.drop_column('fix_store', 'ticks')
    op.drop_column('fix', 'checklist')
    op.drop_column('fan_tag', 'reason')
    op.drop_index(op.f('ix_attachment_store_id'), table_name='attachment')
    op.drop_index(op.f('ix_attachment_sha256'), table_name='attachment')
    op.drop_index(op.f('ix_attachment_interview_id'), table_name='attachment')
    op.drop_index(op.f('ix_attachment_fix_store_id'), table_name='attachment')
    op.drop_index(op.f('ix_attachment_brand_id'), table_name='attachment')
    op.drop_index(op.f('ix_attachment_account_id'), table_name='attachment')
    op.drop_table('attachment')
    op.drop_index(op.f('ix_referral_referrer_fan_id'), table_name='referral')
    op.drop_index(op.f('ix_referral_fan_id'), table_name='referral')
    op.drop_index(op.f('ix_referral_account_id'), table_name='referral')
    op.drop_table('referral')
    op.drop_index(op.f('ix_quota_wave_id'), table_name='quota')
    op.drop_index(op.f('ix_quota_store_id'), table_name='quota')
    op.drop_index(op.f('ix_quota_staff_id'), table_name='quota')
    op.drop_table('quota')
    op.drop_index(op.f('ix_panel_wave_wave_id'), table_name='panel_wave')
    op.drop_index(op.f('ix_panel_wave_panel_id'), table_name='panel_wave')
    op.drop_table('panel_wave')
    op.drop_index(op.f('ix_panel_fan_panel_id'), table_name='panel_fan')
    op.drop_index(op.f('ix_panel_fan_fan_id'), table_name='panel_fan')
    op.drop_table('panel_fan')
    op.drop_index(op.f('ix_message_webhook_id'), table_name='message')
    op.drop_index(op.f('ix_message_next_try_at'), table_name='message')
    op.drop_index(op.f('ix_message_fan_id'), table_name='message')
    op.drop_index(op.f('ix_message_brand_id'), table_name='message')
    op.drop_table('message')
    op.drop_index(op.f('ix_likely_match_other_fan_id'), table_name='likely_match')
    op.drop_index(op.f('ix_likely_match_fan_id'), table_name='likely_match')
    op.drop_index(op.f('ix_likely_match_brand_id'), table_name='likely_match')
    op.drop_index(op.f('ix_likely_match_account_id'), table_name='likely_match')
    op.drop_table('likely_match')
    op.drop_table('lifecycle_change')
    op.drop_index(op.f('ix_webhook_store_id'), table_name='webhook')
    op.drop_index(op.f('ix_webhook_brand_id'), table_name='webhook')
    op.drop_index(op.f('ix_webhook_account_id'), table_name='webhook')
    op.drop_table('webhook')
    op.drop_index(op.f('ix_panel_brand_id'), table_name='panel')
    op.drop_index(op.f('ix_panel_account_id'), table_name='panel')
    op.drop_table('panel')
