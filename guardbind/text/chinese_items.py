"""Holds the words of Chinese items with known answers, by which a verifier is found able to judge or not."""

from __future__ import annotations

from guardbind.text.item_words import ItemDomain

__all__ = ["ITEMS"]

ITEMS = (
    ItemDomain(
        name="staff",
        owners=("王芳", "李强", "张敏", "刘洋", "陈静", "赵磊"),
        attributes=("工位号", "柜子号", "工牌号", "分机号"),
        values=("4417", "8213", "5096", "7730", "2948", "6651"),
        states="{name}的{attribute}是{value}。",
        claims="{value}是{name}的{attribute}。",
    ),
    ItemDomain(
        name="parcels",
        owners=("包裹K-12", "包裹K-57", "包裹R-03", "包裹R-88", "包裹T-41"),
        attributes=("目的地", "发货地", "下一站"),
        values=("都灵", "波尔图", "格但斯克", "里昂", "格拉茨", "马尔默"),
        states="{name}，{attribute}：{value}。",
        claims="{name}的{attribute}是{value}。",
    ),
    ItemDomain(
        name="clinic",
        owners=("王先生", "李女士", "张先生", "刘女士", "陈先生"),
        attributes=("早间剂量", "晚间剂量", "起始剂量"),
        values=("5毫克", "10毫克", "20毫克", "40毫克", "75毫克"),
        states="{name} | {attribute}：{value}",
        claims="{name}的{attribute}是{value}。",
    ),
    ItemDomain(
        name="machines",
        owners=("A号冲床", "B号冲床", "C号车床", "D号铣床", "E号锯床"),
        attributes=("操作员", "检验员", "负责人"),
        values=("小林", "小周", "小吴", "小郑", "小孙", "小何"),
        states="{name}的{attribute} = {value}",
        claims="{value}是{name}的{attribute}。",
    ),
    ItemDomain(
        name="rooms",
        owners=("橡木厅", "阁楼", "东翼", "地下室", "图书室"),
        attributes=("地板颜色", "墙面颜色", "钥匙颜色"),
        values=("绿色", "灰色", "白色", "蓝色", "红色", "黄色"),
        states="图纸上写明，{name}的{attribute}为{value}。",
        claims="{name}的{attribute}是{value}。",
    ),
)
