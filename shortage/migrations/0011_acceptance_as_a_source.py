from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shortage', '0010_transfers_and_measures'),
    ]

    operations = [
        migrations.AlterField(
            model_name='intake',
            name='source',
            field=models.CharField(choices=[('file', '文件'), ('api', '接口'), ('seed', '演示数据'), ('order', '采购验收'), ('transfer', '调剂'), ('hand', '手工')], max_length=8, verbose_name='来源'),
        ),
    ]
