"""Meetings, ballots and minutes."""

from django.urls import path

from formulary.views import agenda, ballots, meetings, minutes

urlpatterns = [
    path("meetings/", meetings.meeting_list, name="meeting_list"),
    path("meetings/new/", meetings.meeting_new, name="meeting_new"),
    path("meetings/<int:pk>/", meetings.meeting_detail, name="meeting_detail"),
    path("meetings/<int:pk>/edit/", meetings.meeting_edit, name="meeting_edit"),
    path("meetings/<int:pk>/desk/", meetings.meeting_desk, name="meeting_desk"),
    path("meetings/<int:pk>/act/<str:verb>/", meetings.meeting_act, name="meeting_act"),
    path("meetings/<int:pk>/notice/", meetings.meeting_notice, name="meeting_notice"),
    path("meetings/<int:pk>/verify/", meetings.meeting_verify, name="meeting_verify"),
    path("meetings/<int:pk>/agenda/", agenda.agenda_add, name="meeting_agenda"),
    path("meetings/<int:pk>/minutes/", minutes.minutes_file, name="minutes_file"),
    path("meetings/<int:pk>/minutes/summary/", minutes.minutes_summary, name="minutes_summary"),
    path("meetings/<int:pk>/minutes/sign/", minutes.minutes_sign, name="minutes_sign"),
    path("meetings/topics/<int:pk>/", agenda.agenda_item, name="meeting_topic"),
    path("meetings/topics/<int:pk>/act/<str:verb>/", agenda.agenda_act, name="meeting_topic_act"),
    path("meetings/topics/<int:pk>/conditions/", agenda.agenda_conditions, name="meeting_topic_conditions"),
    path("meetings/topics/<int:pk>/minutes/", agenda.agenda_minutes, name="meeting_topic_minutes"),
    path("meetings/attendance/<int:pk>/<str:verb>/", agenda.attendance_mark, name="meeting_attendance"),
    path("ballots/", ballots.ballot_list, name="ballot_list"),
    path("ballots/receipt/", ballots.ballot_receipt, name="ballot_receipt"),
    path("ballots/<int:pk>/", ballots.ballot_meeting, name="ballot_meeting"),
    path("ballots/<int:pk>/live/", ballots.ballot_live, name="ballot_live"),
    path("ballots/<int:pk>/attend/<str:verb>/", ballots.ballot_attend, name="ballot_attend"),
    path("ballots/<int:pk>/declare-none/", ballots.ballot_declare_none, name="ballot_declare_none"),
    path("ballots/topics/<int:pk>/declare/", ballots.ballot_declare, name="ballot_declare"),
    path("ballots/topics/<int:pk>/cast/", ballots.ballot_cast, name="ballot_cast"),
]
