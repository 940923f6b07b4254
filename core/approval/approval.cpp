// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "approval/approval.h"

#include "system/json.h"

#include <QJsonArray>
#include <QRegularExpression>
#include <QTimeZone>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int requestSchema = 1;
constexpr int shortDigest = 12;
/// Clocks of two machines may differ this much before a signature comes from the future.
constexpr qint64 clockSlackMs = 5LL * 60 * 1000;

QByteArray hashOf(const QByteArray &content)
{
    minisign::Hash hash;
    hash.add(content.constData(), size_t(content.size()));
    return hash.result();
}

/// minisign's own form, which our signatures have, too.
QDateTime signedAt(const QString &trustedComment)
{
    static const QRegularExpression pattern(u"(?:\\A|\\t)timestamp:([0-9]{1,12})(?:\\t|\\z)"_s);
    const auto match = pattern.match(trustedComment);
    return match.hasMatch() ? QDateTime::fromSecsSinceEpoch(match.captured(1).toLongLong(), QTimeZone::UTC) : QDateTime();
}

/// The plan that a signature says it is for, by the name of the file that was signed.
QString fileOf(const QString &trustedComment)
{
    static const QRegularExpression pattern(u"(?:\\A|\\t)file:([^\\t]+)"_s);
    return pattern.match(trustedComment).captured(1);
}

/// Of any signature in the right form, unchecked.
QString commentOf(const QByteArray &signature)
{
    const QByteArray line = signature.split('\n').value(2);
    return line.startsWith("trusted comment: ") ? QString::fromUtf8(line.mid(17)) : QString();
}

QString briefly(const QString &digest)
{
    return digest.left(shortDigest);
}

struct Signed {
    QString approver;
    QString keyId;
    QDateTime at;
};

std::unexpected<Error> noKeys(const ApprovalRules &rules, const QString &digest)
{
    QJsonArray causes;
    for (const Message &why : rules.passedOver) {
        causes.append(why.toJson());
    }
    return fail(u"approval.no_keys"_s, {{u"plan"_s, briefly(digest)}, {u"causes"_s, causes}});
}

/// Whether the key made the signature; none: it is by another one.
std::optional<Result<Signed>> signedWith(const ApprovalRules::Key &key, const QByteArray &hash, const QString &digest, const QByteArray &signature)
{
    const auto checked = minisign::verify(hash, signature, QList{key.key}, key.approver);
    if (checked) {
        const QDateTime at = signedAt(checked->trustedComment);
        if (!at.isValid()) {
            return fail(u"approval.no_time"_s, {{u"approver"_s, key.approver}});
        }
        return Signed{key.approver, checked->keyId, at};
    }
    const Error &error = checked.error();
    if (error.code == "package.key_unknown"_L1) {
        return std::nullopt;
    }
    if (error.code == "package.signature_wrong"_L1) {
        const QString file = fileOf(commentOf(signature));
        const bool other = !file.isEmpty() && file != approvalFileName(digest);
        return fail(other ? u"approval.wrong_plan"_s : u"approval.damaged"_s, {{u"approver"_s, key.approver}, {u"plan"_s, briefly(digest)}, {u"signed"_s, file}});
    }
    return fail(u"approval.unreadable"_s, {{u"cause"_s, error.toJson()}});
}

/// By whom of the list, and when.
Result<Signed> verified(const ApprovalRules &rules, const QByteArray &request, const QString &digest, const QByteArray &signature)
{
    const QByteArray hash = hashOf(request);
    for (const ApprovalRules::Key &key : rules.keys) {
        if (auto told = signedWith(key, hash, digest, signature)) {
            return *told;
        }
    }
    for (const ApprovalRules::Key &key : rules.late) {
        if (const auto told = signedWith(key, hash, digest, signature)) {
            if (!*told) {
                return *told;
            }
            return fail(u"approval.not_pinned"_s, {{u"approver"_s, key.approver}, {u"keyId"_s, key.key.keyId()}, {u"plan"_s, briefly(digest)}});
        }
    }
    if (rules.keys.isEmpty()) {
        return noKeys(rules, digest);
    }
    // Whose it is can't be found in the list; the signature itself says by which key it claims to be.
    const auto unknown = minisign::verify(hash, signature, QList{rules.keys.first().key}, {});
    return fail(u"approval.unknown_key"_s, {{u"keyId"_s, unknown ? QString() : unknown.error().args[u"keyId"].toString()}, {u"approvers"_s, QJsonArray::fromStringList(rules.approvers)}});
}

} // namespace

QJsonObject approvalPolicy(const ApprovalSpec &spec)
{
    QJsonArray approvers;
    for (const ApproverSpec &approver : spec.approvers) {
        QJsonObject pinned{{u"name"_s, approver.name}};
        if (const auto key = minisign::readPublicKey(approver.key)) {
            pinned.insert(u"key"_s, key->text());
        }
        approvers.append(pinned);
    }
    return {{u"validMs"_s, spec.validMs}, {u"approvers"_s, approvers}};
}

qint64 approvalValidMs(const ApprovalSpec &spec, const Plan &plan)
{
    return std::min(spec.validMs, plan.policy[u"approval"][u"validMs"].toInteger(spec.validMs));
}

ApprovalRules approvalRules(const ApprovalSpec &spec, const Plan &plan)
{
    ApprovalRules rules;
    const QJsonValue policy = plan.policy[u"approval"];
    rules.validMs = approvalValidMs(spec, plan);
    QStringList pinned;
    const QJsonArray then = policy[u"approvers"].toArray();
    for (const auto &approver : then) {
        pinned.append(approver[u"name"].toString() + u'\n' + approver[u"key"].toString());
    }
    for (const ApproverSpec &approver : spec.approvers) {
        rules.approvers.append(approver.name);
        const auto key = minisign::readPublicKey(approver.key);
        if (!key) {
            rules.passedOver.append({u"approval.key_passed_over"_s, {{u"approver"_s, approver.name}, {u"file"_s, approver.key}, {u"cause"_s, key.error().toJson()}}});
        } else if (pinned.contains(approver.name + u'\n' + key->text())) {
            rules.keys.append({approver.name, *key});
        } else {
            rules.late.append({approver.name, *key});
            rules.passedOver.append({u"approval.key_late"_s, {{u"approver"_s, approver.name}, {u"keyId"_s, key->keyId()}}});
        }
    }
    return rules;
}

QByteArray approvalRequest(const Plan &plan, const QString &digest)
{
    const QJsonObject request{{u"cutover"_s, u"approval"_s},
                              {u"schema"_s, requestSchema},
                              {u"target"_s, plan.targetName},
                              {u"environment"_s, plan.environment},
                              {u"identity"_s, plan.facts[u"target.identity"]},
                              {u"kind"_s, plan.kind},
                              {u"from"_s, plan.from},
                              {u"to"_s, plan.to},
                              {u"plan"_s, digest},
                              {u"validMs"_s, plan.policy[u"approval"][u"validMs"]}};
    return json::canonical(request) + '\n';
}

QString approvalFileName(const QString &digest)
{
    return u"approval-"_s + briefly(digest) + u".json"_s;
}

Result<QByteArray> signApproval(const Plan &plan, const QString &digest, const QString &secretKeyFile, const QByteArray &password, const QDateTime &now)
{
    const QString comment = u"timestamp:%1\tfile:%2\thashed"_s.arg(now.toSecsSinceEpoch()).arg(approvalFileName(digest));
    return minisign::sign(hashOf(approvalRequest(plan, digest)), secretKeyFile, comment, password);
}

namespace {

Result<ApprovalRecord> checkedBy(const ApprovalRules &rules, const Plan &plan, const QString &digest, const QByteArray &signature, const QString &importedBy, const QDateTime &now)
{
    TRY(const Signed by, verified(rules, approvalRequest(plan, digest), digest, signature));
    if (by.at > now.addMSecs(clockSlackMs)) {
        return fail(u"approval.from_the_future"_s, {{u"approver"_s, by.approver}, {u"signed"_s, by.at.toString(Qt::ISODate)}, {u"now"_s, now.toUTC().toString(Qt::ISODate)}});
    }
    return ApprovalRecord{digest, by.approver, by.keyId, signature, by.at, now.toUTC(), importedBy};
}

} // namespace

Result<ApprovalRecord> checkApproval(const ApprovalSpec &spec, const Plan &plan, const QString &digest, const QByteArray &signature, const QString &importedBy,
                                     const QDateTime &now)
{
    if (!spec.required) {
        return fail(u"approval.not_needed"_s, {{u"target"_s, plan.targetName}});
    }
    return checkedBy(approvalRules(spec, plan), plan, digest, signature, importedBy, now);
}

QDateTime expiryOf(const ApprovalRules &rules, const ApprovalRecord &record)
{
    return record.signedAt.addMSecs(rules.validMs);
}

Result<ApprovalRecord> approvalFor(const ApprovalRules &rules, const Plan &plan, const QString &digest, const QList<ApprovalRecord> &records, const QString &startedBy,
                                   const QDateTime &now)
{
    // The journal only keeps what was brought; a row of it is no approval until its signature says so.
    std::optional<Error> expired, same, other;
    const ApprovalRecord *earlier = nullptr;
    for (const ApprovalRecord &record : records) {
        if (record.digest != digest) {
            // One of last month says nothing about this plan.
            earlier = earlier || now >= expiryOf(rules, record) ? earlier : &record;
            continue;
        }
        auto checked = checkedBy(rules, plan, digest, record.signature, record.importedBy, now);
        if (!checked) {
            other = other ? other : checked.error();
            continue;
        }
        checked->imported = record.imported;
        const QDateTime until = expiryOf(rules, *checked);
        if (isSamePerson(checked->approver, startedBy)) {
            same = same ? same : Error{u"approval.same_person"_s, {{u"approver"_s, checked->approver}, {u"who"_s, startedBy}}};
        } else if (now >= until) {
            expired = expired ? expired : Error{u"approval.expired"_s, {{u"approver"_s, checked->approver}, {u"until"_s, until.toString(Qt::ISODate)}, {u"valid"_s, rules.validMs}}};
        } else {
            return *checked;
        }
    }
    for (const auto &error : {expired, same, other}) {
        if (error) {
            return fail(*error);
        }
    }
    if (rules.keys.isEmpty()) {
        return noKeys(rules, digest);
    }
    const QJsonObject who{{u"approvers"_s, QJsonArray::fromStringList(rules.approvers)}, {u"plan"_s, briefly(digest)}};
    if (earlier) {
        QJsonObject args = who;
        args.insert(u"approver"_s, earlier->approver);
        args.insert(u"earlier"_s, briefly(earlier->digest));
        return fail(u"approval.other_plan"_s, args);
    }
    return fail(u"approval.none"_s, who);
}

bool isSamePerson(const QString &approver, const QString &who)
{
    // What sets two spellings of one name apart is no difference between two people.
    static const QRegularExpression noise(u"[\\s._-]+"_s);
    static const QRegularExpression between(u"(?:\\A|\\s+)as\\s+|[()]"_s);
    const auto plain = [](QString name) { return name.section(u'@', 0, 0).remove(noise).toCaseFolded(); };
    const QString wanted = plain(approver);
    QStringList parts;
    for (const QString &part : who.split(u'(', Qt::SkipEmptyParts)) {
        parts += part.split(between, Qt::SkipEmptyParts);
    }
    return std::ranges::any_of(parts, [&](const QString &part) { return !wanted.isEmpty() && plain(part.trimmed()) == wanted; });
}

QList<Message> planDifferences(const Plan &approved, const Plan &now)
{
    QList<Message> differences;
    const auto add = [&differences](const QString &code, const QJsonObject &args) { differences.append({code, args}); };
    if (approved.from != now.from || approved.to != now.to) {
        add(u"approval.way_differs"_s, {{u"then"_s, QString(approved.from + u" → "_s + approved.to)}, {u"now"_s, QString(now.from + u" → "_s + now.to)}});
    }
    QStringList facts;
    QStringList names = approved.facts.keys() + now.facts.keys();
    names.removeDuplicates();
    for (const QString &name : std::as_const(names)) {
        if (approved.facts[name] != now.facts[name]) {
            facts.append(name);
        }
    }
    if (!facts.isEmpty()) {
        add(u"approval.facts_differ"_s, {{u"facts"_s, QJsonArray::fromStringList(facts)}});
    }
    QStringList changed, gone, added;
    for (const StepSpec &step : approved.steps) {
        const auto same = std::ranges::find(now.steps, step.id, &StepSpec::id);
        if (same == now.steps.end()) {
            gone.append(step.id);
        } else if (same->toJson() != step.toJson()) {
            changed.append(step.id);
        }
    }
    for (const StepSpec &step : now.steps) {
        if (!std::ranges::contains(approved.steps, step.id, &StepSpec::id)) {
            added.append(step.id);
        }
    }
    for (const auto &[code, steps] : {std::pair{u"approval.steps_added"_s, added}, {u"approval.steps_gone"_s, gone}, {u"approval.steps_differ"_s, changed}}) {
        if (!steps.isEmpty()) {
            add(code, {{u"steps"_s, QJsonArray::fromStringList(steps)}});
        }
    }
    if (approved.policy != now.policy) {
        add(u"approval.policy_differs"_s, {});
    }
    if (approved.loss != now.loss) {
        add(u"approval.loss_differs"_s, {});
    }
    if (differences.isEmpty() && approved.digest() != now.digest()) {
        add(u"approval.rest_differs"_s, {});
    }
    return differences;
}

} // namespace cutover
