"""Lists the Chinese words of a question that say nothing of which value it asks for, as `english_plain` does."""

from __future__ import annotations

from guardbind.text.wordlists import wordlist

__all__ = ["CARRIERS", "CODED", "PLAIN"]

_HELD = wordlist(
    "保存 備案 储存 关联 写明 写的 写着 出现 出現 分配 分配給 分配给 列明 匹配 填写 填寫 备案 存储 存儲 存放 寫著",
    "录入 所写 所列 所对应 所對應 所記 所记 指向 指定 提到 提及 收录 收錄 标明 标注 标的 標明 標註 注明 登載 登载",
    "一栏 一欄 这一栏 這一欄 栏目 欄目 一项 一項 这一项 這一項 一列 填的 填写的 填寫的 记的 記的 登记的 登記的",
    "相对应 相应 相應 给定 記載 註明 记下 记载 載明 载明 錄入 關聯",
)

_ASKED = wordlist(
    "写一下 发给 告知 回复我 回覆 報一下 填 填入 填空 希望 帮忙查 帮我查 帮我看 应填 忘了 忘記 忘记 想問 想问",
    "應填 我想问 打算 找一下 找到 报一下 提取 查出 查找 查查 核对 核對 發給 看一下 看看 确认 確認 获取 补全 補全",
    "記得 請教 請給出 讀出 记得 说一下 请教 请给出 读出 輸出 输出 返回 麻烦您 麻煩您",
)

_MANNER = wordlist(
    "一句 不用解释 仅 仅需 僅 僅需 准确 单独 即可 原样 原樣 呗 呢 唯一 啦 嘛 完整 就好 就行 感謝 感谢 有关 有關",
    "正确 正確 準確 直接给 相关 相關 确切 確切 謝謝您 谢谢您",
    "根据 根據 按照 依据",
)

CARRIERS = wordlist(
    "公告 公告栏 列表 卡片 台账 名单 名單 報告 对话 對話 帐本 报告 数据库 文件 文档 文檔 日志 日誌 材料 条目 档案",
    "條目 檔案 段落 消息 清单 清單 登記表 登记表 目录 目錄 章節 章节 系統 系统 網頁 网页 表 表中 记录表 账本",
    "资料卡 资料库 通知 邮件 配置 頁面 页面",
)

CODED = wordlist(
    "代码 值 哈希 字串 字符串 密钥 标识 标识符 結果 结果 编码 鍵 键 键值",
)

PLAIN = _HELD | _ASKED | _MANNER
