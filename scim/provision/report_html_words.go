package provision

import "strings"

// htmlWords are the texts of a page in one language.
type htmlWords struct {
	Lang string

	Title, PlanTitle, PlanNote          string
	Well, Failures, EndedEarly          string // how the cycle ended
	Cycle, Began, Took, Kind            string
	Initial, Full, Changes              string // kinds of cycles
	Managed, Escrowed, Pruned           string
	Lookups, Writes                     string
	Actions, Action, Users, Groups      string // the chart of actions
	Read, Reasons, Left                 string
	Durations, Half, Most, Longest      string
	Rate, PeakRate, PerSecond           string
	Objects, Nothing, Dropped           string
	Shown                               string // a format: objects, their results, all results
	Attribute, Old, New, None, Redacted string
	MoreAttributes, Joined, Parted      string
	Steps, TargetID, User, Group        string

	actions  map[Action]string
	steps    map[string]string
	statuses map[Status]string
	reasons  map[string]string // of the engine; nil to show them as they are
	advice   map[Code]string   // nil for Code.Advice
}

func htmlWordsOf(language string) *htmlWords {
	if l := strings.ToLower(language); l == "ja" || strings.HasPrefix(l, "ja-") {
		return japaneseWords()
	}
	return englishWords()
}

// reason says why something was done. The engine's own reasons are parts that
// are joined by commas.
func (w *htmlWords) reason(s string) string {
	if s == "" || w.reasons == nil {
		return s
	}
	parts := strings.Split(s, ", ")
	for i, part := range parts {
		if known, ok := w.reasons[part]; ok {
			parts[i] = known
		}
	}
	return strings.Join(parts, "、")
}

func (w *htmlWords) adviceOn(c Code) string {
	if said, ok := w.advice[c]; ok {
		return said
	}
	return c.Advice()
}

func englishWords() *htmlWords {
	return &htmlWords{
		Lang:  "en",
		Title: "Provisioning report", PlanTitle: "Provisioning plan", PlanNote: "This is a plan: nothing was sent.",
		Well: "Completed", Failures: "Completed with failures", EndedEarly: "Ended early",
		Cycle: "Cycle", Kind: "Kind", Began: "Began", Took: "Duration",
		Initial: "initial", Full: "full", Changes: "changes only",
		Managed: "Managed accounts", Escrowed: "To be tried again", Pruned: "Given up",
		Lookups: "Look-ups", Writes: "Writes",
		Actions: "What was done", Action: "Action", Users: "Users", Groups: "Groups",
		Read: "Read from the source", Reasons: "Failures by reason", Left: "Left alone by reason", Durations: "Durations",
		Half: "half of them took at most", Most: "95 % at most", Longest: "the longest",
		Rate: "Throughput", PerSecond: "results per second", PeakRate: "peak", Nothing: "Nothing was done.",
		Objects: "Objects", Shown: "%s objects are shown, with %s of %s results.", Dropped: "Failures come first; the rest is left out.",
		Attribute: "Attribute", Old: "Old", New: "New", None: "none", Redacted: "not shown",
		MoreAttributes: "more", Joined: "members added", Parted: "members removed",
		Steps: "Steps", TargetID: "ID in the target", User: "user", Group: "group",
		actions: map[Action]string{
			Created: "Created", Updated: "Updated", Disabled: "Disabled", Deleted: "Deleted", Staged: "Waiting for approval",
			Skipped: "Left alone", Failed: "Failed", References: "References set",
		},
		statuses: map[Status]string{StatusSuccess: "success", StatusSkipped: "skipped", StatusFailure: "failure"},
	}
}

func japaneseWords() *htmlWords {
	return &htmlWords{
		Lang:  "ja",
		Title: "プロビジョニングレポート", PlanTitle: "プロビジョニング計画", PlanNote: "これは計画です。何も送信されていません。",
		Well: "完了", Failures: "完了(失敗あり)", EndedEarly: "途中で終了",
		Cycle: "サイクル", Kind: "種類", Began: "開始", Took: "所要時間",
		Initial: "初回", Full: "全件", Changes: "差分のみ",
		Managed: "管理対象アカウント", Escrowed: "再試行待ち", Pruned: "断念",
		Lookups: "読み取り要求", Writes: "書き込み要求",
		Actions: "実行結果", Action: "操作", Users: "ユーザー", Groups: "グループ",
		Read: "ソースから読み取り", Reasons: "失敗の理由", Left: "変更しなかった理由", Durations: "処理時間の分布",
		Half: "半数の上限", Most: "95 % の上限", Longest: "最長",
		Rate: "スループット", PerSecond: "件/秒", PeakRate: "最大", Nothing: "実行された操作はありません。",
		Objects: "オブジェクト", Shown: "%s 個のオブジェクトを表示しています(全 %[3]s 件中 %[2]s 件)。", Dropped: "失敗を優先し、残りは省略しています。",
		Attribute: "属性", Old: "変更前", New: "変更後", None: "なし", Redacted: "非表示",
		MoreAttributes: "ほか", Joined: "追加されたメンバー", Parted: "削除されたメンバー",
		Steps: "手順", TargetID: "ターゲットの ID", User: "ユーザー", Group: "グループ",
		actions: map[Action]string{
			Created: "作成", Updated: "更新", Disabled: "無効化", Deleted: "削除", Staged: "承認待ち",
			Skipped: "変更なし", Failed: "失敗", References: "参照の設定",
		},
		steps: map[string]string{
			StepConnection: "接続テスト", StepImport: "インポート", StepScope: "スコープの判定", StepMatch: "照合", StepAction: "操作の実行",
		},
		statuses: map[Status]string{StatusSuccess: "成功", StatusSkipped: "スキップ", StatusFailure: "失敗"},
		reasons:  japaneseReasons(),
		advice:   japaneseAdvice(),
	}
}

func japaneseReasons() map[string]string {
	return map[string]string{
		reasonRedundant:                          "差分なし (RedundantExport)",
		reasonScope:                              "スコープ外",
		reasonMissing:                            "ソースに存在しない",
		"deleted in the source":                  "ソースで削除済み",
		"soft-deleted in the source":             "ソースで論理削除済み",
		"disabled in the source":                 "ソースで無効",
		"not provisioned":                        "未プロビジョニング",
		"disabled before":                        "無効化済み",
		"left alone by an administrator":         "管理者の指示により維持",
		"left alone":                             "維持",
		"deleting is switched off":               "削除は無効に設定",
		"creating is switched off":               "作成は無効に設定",
		"updating is switched off":               "更新は無効に設定",
		"and the mapping has no rule for active": "マッピングに active の規則がない",
		"gone in the target":                     "ターゲットに存在しない",
		"escrowed: it failed before and is tried again later": "保留中:以前に失敗し、後で再試行",
		"given up: it failed for 28 days":                     "断念:28 日間失敗",
		"matched":                                             "既存アカウントと一致",
	}
}

func japaneseAdvice() map[Code]string {
	const passing = "一時的なものであれば対処は不要です。自動的に再試行されます。続く場合は、サービスの運営者に問い合わせてください。"
	return map[Code]string{
		CodeInvalidJob:         "ジョブの設定を修正してください。",
		CodeSourceFailed:       "ソースを確認してください。読み取れないか、最後まで読み取れませんでした。その間、無効化や削除は行われません。",
		CodeStateFailed:        "ジョブの状態を保存するデータベースを確認してください。",
		CodeInvalidCredentials: "組織の所有者または組織の管理者が再度同意するか、SCIM トークンを更新してください。",
		CodeInsufficientRights: "このアカウントを変更する権限を資格情報に与えるか、アカウントをスコープから外してください。保護されたアカウントの可能性があります。",
		CodeIncompatible:       "同期 URL を確認してください。応答しているのは SCIM サービスではありません。",
		CodeUnavailable:        passing,
		CodeTimeout:            passing,
		CodeInternalServer:     passing,
		CodeTooManyRequests:    "対処は不要です。自動的に再試行されます。続く場合は、ジョブのワーカー数を減らしてください。",
		CodeTooManyDeletes:     "一覧を確認してください。正しければ削除を許可し、誤りであればソースかスコープを修正するか、削除を拒否してください。",
		CodeTooManyCreates:     "ソースとスコープを確認してください。正しければ maxCreates を引き上げてください。",
		CodeImportSkipped:      "照合に使う属性の値をオブジェクトに設定してください。",
		CodeDuplicateSource:    "ソースの各オブジェクトに、固有のキーと照合属性を設定してください。",
		CodeDuplicateTarget:    "この値を持つアカウントを一つだけ残すか、別の属性で照合してください。",
		CodeConflict:           "同じ人のアカウントであれば、一致するアカウントの引き継ぎをジョブに許可してください。そうでなければ、どちらかの値を変更してください。",
		CodeInvalidAnchor:      "次のサイクルでアカウントが作り直される場合、対処は不要です。そうでなければジョブを再起動してください。",
		CodeMapping:            "属性マッピング、またはソースの値を修正してください。",
		CodeUnprocessable:      "サービスの応答を確認してください。値または操作が拒否されています。マッピングかソースの値を修正してください。",
		CodeNotFound:           "キーを確認してください。ソースにそのようなオブジェクトはありません。",
		CodePaused:             "ジョブを再開してください。",
		CodeDisabled:           "ジョブの状態に示された問題を解決し、再起動してください。",
	}
}
