<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>cutover::ChecksPage</name>
    <message numerus="yes">
        <source>%1 passed · %n failed</source>
        <translation>
            <numerusform>%1 passed · %n failed</numerusform>
            <numerusform>%1 passed · %n failed</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 passed · %n warning(s)</source>
        <translation>
            <numerusform>%1 passed · %n warning</numerusform>
            <numerusform>%1 passed · %n warnings</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>All %n checks passed</source>
        <translation>
            <numerusform>The check passed</numerusform>
            <numerusform>All %n checks passed</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>cutover::InstanceStrip</name>
    <message numerus="yes">
        <source>%1 · %n session(s)</source>
        <translation>
            <numerusform>%1 · %n session</numerusform>
            <numerusform>%1 · %n sessions</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>cutover::PointPage</name>
    <message numerus="yes">
        <source>%n difference(s) in the configuration</source>
        <translation>
            <numerusform>%n difference in the configuration</numerusform>
            <numerusform>%n differences in the configuration</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>cutover::ResultPage</name>
    <message numerus="yes">
        <source>Still owed: %n contract migration(s), which a later release runs.</source>
        <translation>
            <numerusform>Still owed: %n contract migration, which a later release runs.</numerusform>
            <numerusform>Still owed: %n contract migrations, which a later release runs.</numerusform>
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
