@echo off
powershell.exe -NoProfile -ExecutionPolicy Bypass -File "%~dp0installeer.ps1" %*
