"""The glossary: one word for one meaning. Headings, hover text and docs come from here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One term.

    Attributes:
        english: Name in code.
        chinese: Word on the screen.
        definition: Chinese sentence shown on hover.
        unit: Unit of a number of this name, empty for none.
    """

    english: str
    chinese: str
    definition: str
    unit: str = ""


TERMS: dict[str, Term] = {
    term.english: term
    for term in (
        Term("voice", "原声", "顾客说过的一段话，一字不改（号码已遮盖）。", "条"),
        Term("unit", "语义单元", "一段原声中只说一件事的最小片段；所有片段连起来就是原声。", "个"),
        Term("theme", "需求主题", "许多粉丝说的同一件事；编号固定，名称可改。", "个"),
        Term("subtheme", "子主题", "一个需求主题里更细的一层。", "个"),
        Term("unassigned", "未归类", "还不属于任何主题的语义单元，可以逐条归类。", "个"),
        Term("strength", "归属强度", "这句话放对主题的把握，0 到 1：0.8 的十句里约有八句放对了。"),
        Term("polarity", "情感", "这句话是满意、中性还是不满。"),
        Term("general_remark", "笼统评价", "只说好或不好、没说哪里好的话；这样的主题排在最后，不算需求。"),
        Term("aspect", "方面", "这句话说的是口味、服务、等位等哪一方面。"),
        Term("finding", "发现", "一个带数字的判断：哪个主题、哪里、谁、多少人、在变多还是变少。", "条"),
        Term(
            "priority",
            "优先级",
            "影响面、核心粉丝、不满、趋势、工作量五部分按权重加权，0 到 100，每部分都可以看。",
            "分",
        ),
        Term("dictionary_word", "词条", "品牌自己的词：商品、别名、竞品，不会被切碎。", "个"),
        Term("fan", "粉丝", "已识别的顾客；同一个人只算一位。", "位"),
        Term("identified", "已识别顾客", "有手机号、会员号等任一身份的顾客。", "位"),
        Term("core_fan", "核心粉丝", "发烧友、意见领袖、与品牌价值观相近的粉丝。", "位"),
        Term("repeat_share", "复购率", "统计期内有过购买的顾客中，购买两次及以上的比例。", "%"),
        Term("lifecycle", "生命周期", "新客、活跃、沉睡、流失、回流，由订单日期算出。"),
        Term("activity", "活跃指数", "频次、质量、广度、时长四部分加权，0 到 100，每天留一份。"),
        Term("likely_match", "疑似同一人", "两条记录像是同一个人，列出像和不像的地方，等人决定；合并可以拆开。", "对"),
        Term("referral", "粉丝推荐", "一位粉丝带来的顾客；每位顾客最多记一位推荐人。", "位"),
        Term(
            "net_value",
            "品牌净值",
            "不靠外卖平台、也不靠商场带来的订单金额；占比的分母是同店同月的全部订单金额。",
            "元",
        ),
        Term("product", "商品", "卖的一样东西；写法不同的名字并到一个商品，随时可以拆开。", "个"),
        Term("segment", "人群", "保存下来的一组条件；里面有谁每次重新数。", "个"),
        Term("rule", "自动规则", "粉丝出现某种情况时，自动生成服务卡、问卷邀请或标签；先试算再执行，可以撤回。", "条"),
        Term("service_card", "服务卡", "为一位粉丝现在要做的一件事，做了或没做都记下。", "张"),
        Term("opt_out", "退订", "粉丝说过不要再联系；卡片、邀请、邮件和告知都不再找这位，直到本人又同意。"),
        Term("follow_up", "跟进率", "处理过的服务卡里做了的比例；没有处理过的显示“—”。"),
        Term("came_again", "又来", "服务以后 14 天内又下过单的比例；只算满 14 天的。"),
        Term("first_heard", "首倡", "一项行动的主题最早由哪位员工记下；条目拆开，功劳也收回。", "项"),
        Term("rollout_wave", "波次", "一个需求条目分批铺到门店：试点、区域、全部；试点有了效果结论才能加后面的。"),
        Term("store", "门店", "一家店；直营或加盟。", "家"),
        Term("region", "大区", "若干家门店。", "个"),
        Term("staff", "员工", "在门店或总部工作的人。", "位"),
        Term("tag", "标签", "贴在粉丝身上的一个特点，附来源句子、作者与到期日。", "个"),
        Term("fix", "服务改进", "MTQSC：一件要在门店改好的事，按门店跟踪。", "项"),
        Term("backlog_item", "需求条目", "MTPD：一个要做的产品改动，从聆听到铺开。", "条"),
        Term("rollout", "铺开状态", "一个需求条目在一家门店到了哪一步。"),
        Term("trial", "粉丝试用", "请提出过需求的粉丝来试，并记录评价。", "次"),
        Term("telling", "告知", "告诉提出者：您说的事已经做了。", "次"),
        Term("evidence", "依据", "一项行动背后的原声句子。", "句"),
        Term("baseline", "效果方案", "上线前就定下的指标、时间、门店与达标线，定后不改。"),
        Term("measurement", "效果测量", "按效果方案算出的数字与结论。"),
        Term("before_after", "前后对比(不能归因)", "没有对照门店，只能看前后变化，不能说是它带来的。"),
        Term("wave", "期", "一份问卷在一段时间内问一批人。", "期"),
        Term("quota", "配额", "一期问卷要从一家门店或一位员工那里收到多少份。", "份"),
        Term("panel", "固定样本组", "隔一段时间再问一次的同一批粉丝；谁退出、为什么，都记着。", "个"),
        Term("paired_change", "变化", "同一批粉丝两期都答了的题，后一期减前一期。"),
        Term("attrition", "流失", "前一期答了、这一期没有答的人；另看他们一开始是否就不一样。", "位"),
        Term("survey", "问卷", "一组题目，有版本。", "份"),
        Term("response", "答卷", "一位粉丝在一期里的一份回答。", "份"),
        Term("interview", "访谈", "员工与粉丝的一次面谈。", "次"),
        Term("code", "编码", "给访谈里一类话起的名字，有定义。", "个"),
        Term("coding", "编码段", "一段原话放在一个编码下。", "段"),
        Term("webhook", "接收地址", "事情有进展时要告诉的网址：签名的 JSON，或企业微信群机器人。", "个"),
        Term("message", "消息", "写给一个接收地址或一位粉丝的一条话，记着每次尝试。", "条"),
        Term("import_batch", "导入批次", "一次导入的全部行，可以整批撤销。", "批"),
        Term("audit_entry", "审计记录", "谁在什么时候做了什么。", "条"),
        Term("too_few", "样本不足", "样本少于 30，数字只供参考。"),
        Term("not_shown", "未显示效果", "数字不足以说有效，也不足以说无效。"),
        Term("job", "后台任务", "在后台运行的分析或导入，可以看进度、可以取消。", "个"),
    )
}


def chinese(name: str) -> str:
    """Give the screen word of a term.

    Raises:
        KeyError: The term is not in the glossary: add it there first.
    """
    return TERMS[name].chinese
