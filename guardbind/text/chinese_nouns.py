"""Lists the Chinese nouns that say of which kind something is, as `nouns` tells them apart."""

from __future__ import annotations

from guardbind.text.nouns import Nouns
from guardbind.text.wordlists import wordlist

__all__ = ["NOUNS"]

NOUNS = Nouns(
    things=wordlist(
        "仓库 倉庫 书籍 書籍 产品 產品 会议室 會議室 分店 分部 列车 列車 包裹 医院 醫院 商品 商店 图书 圖書",
        "学校 學校 实验室",
        "工厂 工廠 店铺 店鋪 房间 房間 教室 旅馆 旅館 景点 景點 服务器 服務器 机器 機器 样品 樣品 样本 樣本",
        "植物 班级 班級",
        "票据 票據 站点 站點 航班 船只 船隻 菜品 菜肴 设备 設備 诊所 診所 课程 課程 货物 貨物 车辆 車輛 车站",
        "車站 运单 運單",
        "酒店 门店 門店 项目 項目 餐厅 餐廳 发票 發票 订单 訂單 工单 工單",
    ),
    entries=wordlist("数值 數值 内容 內容 信息"),
)
