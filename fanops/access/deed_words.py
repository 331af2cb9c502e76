"""What the audit log's deeds are called on the screen."""

from __future__ import annotations

DEED_WORDS = {
    "add_account": "添加账号", "add_attachment": "加了附件", "add_brand": "添加品牌", "add_own_rule": "添加自己的规则",
    "add_person": "手工登记粉丝", "add_product_alias": "并入商品名", "add_region": "添加大区", "add_staff": "添加员工",
    "add_store": "添加门店", "add_webhook": "添加接收地址", "add_words": "添加词条", "advance_item": "推进需求条目",
    "assign_new_units": "归类新的句子", "assign_owners": "分配粉丝", "change_password": "更改密码", "change_role": "更改角色",
    "change_store": "更改门店", "close_wave": "结束一期问卷", "code_passage": "编码一段话", "confirm_suggestions": "确认建议的标签",
    "create_panel": "建固定样本组", "decide_finding": "判断一条发现", "delete_code": "删除编码", "decide_lineage": "确认主题的对应",
    "disable_account": "停用账号", "discard_draft": "丢弃答卷草稿", "discard_interview": "丢弃访谈", "discover_themes": "发现主题",
    "drop_tag_rule": "去掉标签规则", "enable_account": "启用账号", "erase_fan": "删除粉丝资料", "erase_response": "顾客删除答卷",
    "export": "导出文件", "export_fan": "导出一位粉丝的资料", "find_signals": "寻找发现", "finish_interview": "结束访谈",
    "freeze_plan": "冻结效果方案", "give_up_message": "放弃发送消息", "hand_over": "转交粉丝", "import_file": "导入文件",
    "import_interviews": "导入访谈", "import_responses": "导入答卷", "invite_fans": "发出问卷邀请", "invite_raisers": "邀请提出者来试",
    "keep_unproven_contact": "留下未证实的号码", "leave_panel": "退出样本组", "merge_codes": "合并编码", "merge_fans": "合并粉丝",
    "merge_findings": "合并发现", "merge_items": "合并条目", "nominate_fan": "提名粉丝", "open_fix": "开服务改进",
    "open_item": "开需求条目", "opt_in": "又同意联系", "opt_out": "退订", "part_match": "判断不是同一人",
    "pause_webhook": "暂停接收地址", "publish_survey": "发布问卷", "put_back_content": "放回无内容的话",
    "put_level_back": "分层改回按规则", "put_own_rule_back": "放回自己的规则", "put_tag_rule_back": "放回标签规则",
    "record_referral": "记下推荐人", "refresh_activity": "更新活跃指数", "refresh_levels": "更新分层", "refresh_matches": "查找疑似同一人",
    "refresh_tags": "更新标签", "reject_suggestion": "不要建议的标签", "reject_word": "不要建议的词", "remove_attachment": "移除附件",
    "remove_own_rule": "移除自己的规则", "remove_product_alias": "拆开商品名", "remove_referral": "去掉推荐人",
    "remove_segment": "移除人群", "remove_webhook": "移除接收地址", "remove_word": "移除词条", "reopen_match": "重新判断是否同一人",
    "renew_receipt": "再给一个回执码", "reopen_interview": "接着访谈",
    "reopen_returned": "因主题又出现而重开", "reopen_wave": "重开一期问卷", "restore_attachment": "放回附件",
    "restore_backup": "恢复备份", "resume_webhook": "恢复接收地址", "return_to_panel": "回到样本组", "reveal_identity": "看了完整号码",
    "run_rule": "执行规则", "save_code": "保存编码", "save_segment": "保存人群", "save_tag": "保存标签", "send_again": "再发一次消息",
    "send_back_item": "退回需求条目", "set_aside_content": "放到无内容", "set_brand_choice": "更改品牌的算法数字", "set_quota": "定配额",
    "sign_in": "登录", "sign_in_failed": "登录失败", "sign_out": "退出", "staff_back": "员工回来", "staff_left": "员工离职",
    "start_interview": "开始访谈", "start_on_behalf": "开始代记答卷", "submit_on_behalf": "交了代记的答卷", "tag_raisers": "给提出者贴标签",
    "test_webhook": "试发到接收地址", "undo_freeze_plan": "撤销冻结方案", "undo_import": "撤销导入",
    "undo_invitation": "撤回试用邀请", "undo_open_fix": "撤销开改进", "undo_open_item": "撤销开需求条目",
    "undo_rule": "撤回规则", "unmerge_codes": "拆开编码", "unmerge_fans": "拆开粉丝", "unmerge_finding": "拆开发现",
    "unmerge_item": "拆开条目", "write_finding": "写下发现",
}  # fmt: skip

_SUBJECTS = {
    "account": "账号", "attachment": "附件", "backlog_item": "需求条目", "baseline": "效果方案", "brand": "品牌", "code": "编码",
    "coding": "编码段", "export": "导出", "fan": "粉丝", "fans": "粉丝", "fan_identity": "号码", "finding": "发现", "fix": "服务改进",
    "import_batch": "导入批次", "interview": "访谈", "likely_match": "疑似同一人", "message": "消息", "panel": "固定样本组",
    "product": "商品", "referral": "粉丝推荐", "region": "大区", "response": "答卷", "rule": "自动规则", "segment": "人群",
    "staff": "员工", "store": "门店", "survey_version": "问卷版本", "tag": "标签", "theme_lineage": "主题对应", "theme_run": "主题运行",
    "unit": "语义单元", "wave": "期", "webhook": "接收地址",
}  # fmt: skip


def subject_words(subject: str) -> str:
    """Say what a deed was done to: 粉丝 23."""
    table, _, number = subject.partition(":")
    return f"{_SUBJECTS.get(table, table)} {number}".strip()
