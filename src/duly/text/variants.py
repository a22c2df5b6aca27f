"""Characters that stand for another: traditional for simplified, radicals, letters that look Latin.

Pairs, left for right. The traditional ones cover every character of the shipped lists (a test computes which
those are) and the commonest others; this is a table for finding words, not for rewriting anybody's text.
"""

from __future__ import annotations

from collections.abc import Mapping

_TRADITIONAL = """
    專专業业東东丟丢兩两嚴严個个箇个為为爲为舉举義义書书買买亂乱爭争產产親亲從从們们眾众衆众會会傳传偵侦債债償偿關关養养內内
    寫写軍军決决況况凍冻減减湊凑憑凭擊击剛刚刪删別别辦办務务動动協协單单賣卖廳厅歷历曆历參参發发髮发號号嚇吓嗎吗啟启啓启員员
    響响喚唤聲声處处頭头獎奖奬奖媽妈學学寶宝實实審审寬宽對对導导將将屬属崗岗師师幫帮庫库應应廢废開开張张強强彊强錄录惡恶戶户
    執执掃扫報报換换搖摇數数斷断無无舊旧時时術术權权條条來来橋桥檢检殘残沒没滾滚滯滞點点煩烦狀状獄狱貓猫現现電电監监盜盗著着
    碼码禮礼禍祸稱称筆笔類类緊紧紅红約约納纳線线綫线組组細细終终經经結结給给絕绝繼继續续維维綠绿緝缉緩缓繳缴罰罚恥耻職职聯联
    脅胁臉脸虛虚訂订認认討讨讓让議议訊讯記记許许訟讼設设訪访證证評评識识詐诈訴诉誠诚話话詢询誤误誘诱說说説说請请諾诺誹诽誰谁
    調调謗谤負负責责敗败賬账帳账帐账貼贴貸贷費费資资賴赖車车轉转轟轰輩辈轄辖過过還还這这進进遠远違违錢钱鐵铁銀银銷销錯错門门
    問问閱阅隊队難难領领額额飛飞馬马罵骂騙骗騷骚辭辞擾扰儘尽盡尽
    後后徵征臺台颱台檯台週周託托嚮向於于據据構构薦荐價价優优寧宁懷怀係系繫系隻只祇只裡里裏里麼么麽么瞭了纔才誇夸註注準准復复
    複复餘余製制遊游捲卷佔占採采畫划劃划併并並并迴回幾几衝冲僅仅傷伤捨舍昇升陞升慾欲鐘钟鍾钟願愿體体範范藥药醫医療疗診诊貨货
    購购賠赔賺赚賭赌質质兒儿孫孙爺爷層层屆届島岛帶带廣广慶庆戰战擇择擔担擬拟暫暂曉晓機机殺杀氣气漢汉濟济災灾爛烂營营獨独當当
    盤盘積积窮穷紙纸級级統统絡络網网緣缘總总織织聽听腦脑與与興兴舖铺莊庄華华補补裝装覺觉觀观規规視视計计訓训詞词該该詳详課课
    論论諮咨諒谅謝谢謹谨譽誉讀读變变貧贫貪贪貴贵趕赶跡迹軟软較较載载輕轻輸输農农連连運运達达適适遲迟選选遺遗鄉乡鄰邻醜丑釋释
    針针鈔钞鎖锁鏈链長长閉闭間间陰阴險险雖虽雙双雜杂離离頁页項项須须預预顧顾題题風风驗验驚惊鬧闹汙污灋法弔吊喫吃嘆叹夢梦隱隐
    検检対对経经権权悪恶拠据徴征総总剣剑険险験验処处訳译応应帰归弐贰仮假価价続续従从銭钱発发変变帯带売卖読读転转軽轻
    喪丧兌兑獸兽冊册勸劝勞劳區区縣县唄呗噴喷團团國国場场墊垫牆墙夠够棄弃徑径懲惩懶懒擴扩搶抢護护損损顯显欄栏檔档樓楼橫横潑泼濫滥熱热愛爱豬猪癩癞稅税穩稳窩窝簽签紀纪繞绕綜综編编腎肾獲获試试謂谓財财賤贱蹤踪遞递銬铐頂顶顏颜飯饭饋馈駕驾魚鱼齊齐
    """
_RADICALS = (
    "⺟母⺠民⺝月⺫目⺮竹⻁虎⻄西⻅见⻆角⻉贝⻋车⻓长⻔门⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻨麦⻩黄⻬齐⻰龙"
)
# Capital and small are looked up before letters are made small: В looks like B, в does not look like b.
_LOOK_ALIKES = """
    АAВBЕEКKМMНHОOРPСCТTУYХXІIЈJЅSԌGԜWԚQҮYаaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwӏlкkмmтtпnгrвbнhбbьb
    ΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXαaβbγyεeηnιiκkνvοoρpτtυuχxωwϲcϳj
    ᴀaʙbᴄcᴅdᴇeꜰfʜhᴊjᴋkᴍmᴏoᴘpꜱsᴛtᴜuᴠvᴡwᴢzıiɑaɡgɩiʋvʏyɪiʀrɴnʟlßsøoØOłlŁLđdĐDħhĦHŧtŦTæaœoðdþp
    օoսuոnհhցgԁdѵvѴVѡwғfҳxәeɵoꝛrɛeɜeʒzƨsƽsꓐBꓑPꓓDꓔTꓖGꓗKꓙJꓚCꓜZꓝFꓟMꓠNꓡLꓢSꓣRꓦVꓧHꓪWꓫXꓬYꓮAꓰEꓲIꓳOꓴU
    ᎪAᏴBᏟCᎠDᎬEᏀGᎻHᎫJᏦKᏞLᎷMᏢPᎡRᏚSᎢTᏙVᎳWᏃZ
    """
# Letters in white on black and the halves of flags, which no decomposition opens.
_SIGNED = {
    chr(first + index): chr(ord("A") + index) for first in (0x1F150, 0x1F170, 0x1F1E6) for index in range(26)
}


def _pairs(table: str) -> dict[str, str]:
    chars = "".join(table.split())
    return dict(zip(chars[::2], chars[1::2], strict=True))


TRADITIONAL: Mapping[str, str] = _pairs(_TRADITIONAL)
STANDS_FOR: Mapping[str, str] = {**TRADITIONAL, **_pairs(_RADICALS), **_pairs(_LOOK_ALIKES), **_SIGNED}
