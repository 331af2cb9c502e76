"""The way out of a refusal at the command line.

The stages speak to the person at a page (请从列表里选择); here the same refusal is met by one who types, and whom a command
helps. What a refusal needs at both places it says itself; only what differs stands here.
"""

from __future__ import annotations

from fanops.errors import FanopsError

# Part of a message → what is said instead of its hint.
WAYS_OUT = {
    "没有登录名为": "用 fanops account list 查看登录名。",
    "的账号要指定门店": "请加上 --store 门店编号；编号用 fanops org show 查看。",
    "的账号要指定大区": "请加上 --region 大区名称；名称用 fanops org show 查看。",
    "看整个品牌，不能指定门店或大区": "请去掉 --store 和 --region。",
    "的账号只指定门店": "请去掉 --region。",
    "的账号只指定大区": "请去掉 --store。",
    "这样就没有能登录的管理员了": "请先给另一个账号管理员角色：fanops account roles 登录名 admin",
    "没有名为": "用 fanops org show 查看现有的，或用 fanops org add-region 名称 添加。",
    "没有编号为": "用 fanops org show 查看；门店用 fanops org add-store、员工用 fanops org add-staff 添加。",
    "没有这家门店，或您看不到它": "用 fanops org show 查看门店。",
    "没有这位员工": "用 fanops org show 查看员工编号。",
    "这家店还没有员工": "先添加：fanops org add-staff 编号 姓名 --store 门店编号",
    "这家店没有别的员工可以接手": "先添加：fanops org add-staff 编号 姓名 --store 门店编号",
    "没有这个主题": "用 fanops themes list 查看编号；并入别的或停用的，用 fanops themes history 查看。",
    "没有这次编辑": "用 fanops themes history 查看编号。",
    "有些句子已经不在了": "用 fanops themes sentences 主题编号 查看句子的编号。",
    "”已停用": "要编辑它，先用 fanops themes restore 主题编号 恢复。",
    "没有这条发现": "用 fanops findings list --state all 查看编号。",
    "没有这个需求条目": "用 fanops backlog list 查看编号。",
    "没有这项改进": "用 fanops fix list 查看编号。",
    "没有这项行动": "用 fanops backlog list 或 fanops fix list 查看编号；服务改进要加上 --fix。",
    "还没有门店上线或完成": "先记下：fanops backlog live 条目编号 --store 门店编号，或 fanops fix move 改进编号 门店编号 accepted",
    "门店不能上线": "先用 fanops backlog advance 条目编号 往前走，它会说还缺什么；已经在卖的，到那时用 --on 补记上线日。",
    "试点还没有效果结论": "先算出试点的结论：fanops effect item 条目编号",
    "上线日不能在今天以后": "请改 --on 的日期，或上线以后再记。",
    "要选一期正在进行的问卷": "请加上 --wave 和一期的标题；没有的话，先在网页的“问卷”里开一期。",
    "要选一个标签": "请加上 --tag 编号；用 fanops tag list 查看。",
    "没有这个标签": "用 fanops tag list 查看编号。",
    "这个标签不来自主题": "用 fanops tag suggested 查看编号。",
    "没有这位粉丝": "用 fanops fans list --find 手机号或会员号 查看编号。",
    "没有等着决定的这一对": "用 fanops fans matches 查看编号；不在里面的，已经有人决定了。",
    "这一对已经合并": "要拆开，请在网页的粉丝页面里做。",
    "没有这条自建规则": "自己建的用 fanops fans rule list 查看；现成的不能去掉，可以用 fanops fans rule set 规则 --not-nightly。",
    "这个范围里没有您看得到的粉丝": "换一个人群、主题或一期；主题用 fanops themes list 查看。",
    "没有这个商品": "用 fanops value products 查看编号和别名。",
    "没有别名": "用 fanops value products 查看编号和别名。",
    "已经是一个商品的别名": "先去掉它：fanops value alias 别名",
    "没有这个接收地址": "用 fanops webhook list 查看编号。",
    "这个地址暂停着": "先恢复：fanops webhook pause 编号 --resume",
    "没有这条消息": "用 fanops message list 查看编号。",
    "没有这个导入批次": "用 fanops import list 查看批次编号。",
    "像是会员文件": "会员文件用 fanops import members 导入；如果里面有顾客的话，用 --map text=列名 指定。",
    "行不能导入，所以什么都没有存": "请按列出的原因改好文件再导入，或加上 --skip-refused，只导入可用的行。",
    "行不能收，所以什么都没有存": "请按列出的行和列改好再来，或加上 --skip-refused，跳过这些行。",
    "没有一道题和这份问卷对得上": "请用 --map 题号=编号 说明哪一题是我们的哪一题。",
}
# Part of a hint → what is said in its place.
INSTEAD = {
    "请指定是哪一列": "请用 --map 字段=列名 指定，字段见 --help",
    "请指定每一列是什么": "请用 --map 字段=列名 指定每一列，字段见 --help",
    "请用“纸质”里下载的录入表": "请用 fanops survey sheet 写出的录入表",
    "或重新下载录入表誊过去": "或用 fanops survey sheet 重新写一张录入表誊过去",
    "请上传 .xlsx 格式的录入表": "请给出 .xlsx 格式的录入表",
    "到“规则”里改好": "用 fanops fans rule set 改好",
}


def way_out(refusal: FanopsError) -> str:
    """Give the hint of ``refusal`` for one who types: the command that helps, where a page had another way."""
    for said, command in WAYS_OUT.items():
        if said in refusal.message:
            return command
    hint = refusal.hint
    for at_a_page, command in INSTEAD.items():
        hint = hint.replace(at_a_page, command)
    return hint
