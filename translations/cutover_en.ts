<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>cutover::ChecksPage</name>
    <message numerus="yes">
        <source>All %n checks passed</source>
        <translation>
            <numerusform>The check passed</numerusform>
            <numerusform>All %n checks passed</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>cutover::LogsDialog</name>
    <message numerus="yes">
        <source>%n lines were left out, as this console did not read them in time</source>
        <translation>
            <numerusform>%n line was left out, as this console did not read it in time</numerusform>
            <numerusform>%n lines were left out, as this console did not read them in time</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>cutover::VersionPage</name>
    <message numerus="yes">
        <source>%1: %n releases are installed one after the other.</source>
        <translation>
            <numerusform>%1: %n release is installed.</numerusform>
            <numerusform>%1: %n releases are installed one after the other.</numerusform>
        </translation>
    </message>
</context>
</TS>
