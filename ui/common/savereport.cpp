// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/savereport.h"

#include "system/files.h"

#include <QCoreApplication>
#include <QFileDialog>

using namespace Qt::StringLiterals;

namespace cutover {

void saveReport(QWidget *parent, const QString &html, const QString &suggestedName, std::function<void(const Result<QString> &)> saved)
{
    auto *dialog = new QFileDialog(parent, QCoreApplication::translate("SaveReport", "Save report"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilter(QCoreApplication::translate("SaveReport", "Web pages (*.html)"));
    dialog->setDefaultSuffix(u"html"_s);
    dialog->selectFile(suggestedName);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, [html, saved = std::move(saved)](const QString &file) {
        saved(files::replace(file, html.toUtf8()).transform([&file] { return file; }));
    });
    dialog->open();
}

} // namespace cutover
